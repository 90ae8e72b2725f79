"""What must hold after every step, and at the end: the answers are those of all events at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from contracts.tables.answer import CHANGED_IN
from emr_jobs.kernel.merge import Row, row_key
from emr_jobs.kernel.question import Question
from emr_jobs.kernel.ranges import OffsetRange
from tests.simulation.applications.ingest import OUTCOMES, window_of
from tests.simulation.applications.questions import (
    FRAUD_ALERTS,
    OF_CLICKS,
    OF_ORDERS,
    QUALITY,
    alerts,
    moment,
)
from tests.simulation.records import MINUTE, Broker, Event, Partition, Position, Record
from tests.simulation.stores.database import Database, Journaled
from tests.simulation.stores.lake import MemoryTable

# What depends on the order of the events, or on how they were cut into batches.
UNORDERED = {CHANGED_IN.name, "customers", "append_time", "evidence"}


class Violation(AssertionError):
    """A promise was broken."""


class Auditor:
    """Follows what is committed. `say` is told of each commit, where somebody listens."""

    def __init__(
        self,
        database: Database,
        tables: dict[str, MemoryTable],
        broker: Broker,
        say: Callable[[str], object] | None,
    ) -> None:
        self._database = database
        self._tables = tables
        self._broker = broker
        self._say = say
        self._seen = 0
        self._snapshots: dict[str, int] = defaultdict(int)
        self._until: dict[tuple[str, str, int], int] = {}
        # Records that each application has applied, in the order of the commits.
        self.applied: dict[str, list[Record]] = defaultdict(list)
        self._ids: dict[str, set[str]] = defaultdict(set)

    def look(self) -> None:
        """Raise Violation when a promise does not hold now."""
        news = self._database.journal[self._seen :]
        for row in news:
            self._entry(row)
        self._seen += len(news)
        if news and self._database.table("orders").keys() != self._ids["orders"]:
            raise Violation("orders knows other events than it applied")
        for key, until in self._database.progress.items():
            known = self._until.setdefault(key, until)
            if until < known:
                raise Violation(f"the progress of {key} went back")
            if until != known:
                raise Violation(f"the progress of {key} moved without an entry in the journal")
        self._lake()

    def _entry(self, row: Journaled) -> None:
        if self._say:
            ranges = (f"{e.topic_id}/{e.partition} [{e.start}, {e.end})" for e in row.entry.ranges)
            self._say(f"{row.application} commits {', '.join(ranges)}: {dict(row.entry.counts)}")
        if row.epoch != row.epoch_at_commit:
            raise Violation(f"{row.application}: epoch {row.epoch} committed")
        for each in row.entry.ranges:
            key = (row.application, *each.key)
            known = self._until.get(key, 0)
            if each.start != known:
                raise Violation(f"{key}: [{each.start}, {each.end}) applied after {known}")
            self._until[key] = each.end
            records = self._log(each.topic_id, each.partition).between(each.start, each.end)
            self._skipped(row.application, each, records)
            self.applied[row.application] += records
            valid = [one.event.event_id for one in records if one.event.valid]
            self._ids[row.application].update(valid)
            if row.application == "ingest":
                for record in records:
                    self._outcome(record)

    def _skipped(self, application: str, applied: OffsetRange, records: list[Record]) -> None:
        """Offsets = records + skipped, one by one."""
        recorded = self._database.table("skipped").get((application, *applied.key), ())
        skipped = [n for n in recorded if applied.start <= n < applied.end]
        if sorted([*skipped, *(each.offset for each in records)]) != [
            *range(applied.start, applied.end)
        ]:
            raise Violation(f"{application} skipped {skipped} of {applied}, and applied {records}")

    def _log(self, topic_id: str, partition: int) -> Partition:
        for topic in self._broker.history:
            if topic.topic_id == topic_id:
                return topic.partitions[partition]
        raise Violation(f"no topic was ever {topic_id}")

    def _outcome(self, record: Record) -> str:
        """The table that holds a record. Bronze = silver + duplicates + quarantine."""
        position = record.position
        places = {"silver": f"silver.{record.topic}", "duplicates": "duplicates"}
        places["quarantine"] = "quarantine"
        held = [o for o, name in places.items() for _ in range(self._times(name, position))]
        if self._times("bronze", position) != 1 or len(held) != 1:
            in_bronze = self._times("bronze", position)
            raise Violation(f"{position} is in {held}, and {in_bronze} times in bronze")
        return held[0]

    def _times(self, name: str, position: Position) -> int:
        return self._tables[name].held.get(position, 0)

    def _lake(self) -> None:
        """Look at what was committed to the lake since the last look."""
        for name, table in self._tables.items():
            seen = self._snapshots[name]
            if len(table.snapshots) == seen:
                continue
            self._snapshots[name] = len(table.snapshots)
            for number in {each.number for each in table.snapshots[seen:]}:
                if self._say:
                    self._say(f"{name} has {len(table.rows[number])} rows of commit {number}")
                self._once(table, table.rows[number])

    def _once(self, table: MemoryTable, rows: Iterable[Record]) -> None:
        for record in rows:
            if table.held[record.position] > 1:
                raise Violation(f"{table.name} holds {record.position} twice")
            if table.name.startswith("silver") and len(table.events[record.event.event_id]) > 1:
                raise Violation(f"{table.name} holds event {record.event.event_id} twice")

    def final(self) -> None:
        """Compare every answer with the step's over all the events that were applied."""
        self.look()
        for table in self._tables.values():
            for rows in table.rows.values():
                self._once(table, rows)
        orders = self._distinct("orders")
        for question, step in OF_ORDERS:
            self._compare(question, step(orders))
        self._compare(FRAUD_ALERTS, alerts(orders))
        self._compare(QUALITY, self._quality())
        if not self._copies_unread():
            clicks = self._distinct("clicks")
            for question, step in OF_CLICKS:
                self._compare(question, step(clicks))
        expected = {each["alert_id"] for each in alerts(orders)}
        unsent = [key for key, sent in self._database.table("outbox").values() if not sent]
        if unsent or set(self._broker.alerts) != expected:
            raise Violation(f"alerts sent: {set(self._broker.alerts) ^ expected}")

    def _compare(self, question: Question[Any], answers: Iterable[Row]) -> None:
        table = question.answer.table
        expected = {row_key(table, row): row for row in answers}
        found = {
            key: row
            for key, row in self._database.table(table.name).items()
            if not row.get("absorbed")
        }
        for key in {*found, *expected}:
            stored, wanted = found.get(key), expected.get(key)
            if (
                stored is None
                or wanted is None
                or any(stored[name] != wanted[name] for name in wanted if name not in UNORDERED)
            ):
                raise Violation(f"{question.name} {key}: {stored}, not {wanted}")

    def _quality(self) -> list[Row]:
        """What the lake itself says of the records that were applied."""
        counts: dict[tuple[str, int], dict[str, int]] = {}
        for record in self.applied["ingest"]:
            key = record.topic, window_of(record)
            window = counts.setdefault(key, dict.fromkeys(OUTCOMES.values(), 0))
            window[OUTCOMES[self._outcome(record)]] += 1
        return [
            {"topic": topic, "window_start": moment(window * 5 * MINUTE), **found}
            for (topic, window), found in counts.items()
        ]

    def _copies_unread(self) -> bool:
        """Whether a topic was deleted before `clicks` had read a copy that silver may have elected:
        the copies that it read do not count then, and nothing is expected."""
        ids = self._ids["clicks"]
        for topic in self._broker.history:
            if topic.name != "clicks" or topic is self._broker.topics["clicks"]:
                continue
            for index, log in enumerate(topic.partitions):
                until = self._until.get(("clicks", topic.topic_id, index), 0)
                if any(each.event.event_id in ids for each in log.between(until)):
                    return True
        return False

    def _distinct(self, application: str) -> list[Event]:
        events = {
            each.event.event_id: each.event
            for each in self.applied[application]
            if each.event.valid
        }
        return list(events.values())

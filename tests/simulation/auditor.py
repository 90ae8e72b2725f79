"""What must hold after every step, and at the end: the answers are those of a fold from scratch."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from tests.simulation import applications
from tests.simulation.database import Database, Journaled
from tests.simulation.lake import MemoryTable
from tests.simulation.records import Broker, Event, Record


class Violation(AssertionError):
    """A promise was broken."""


class Auditor:
    """Follows what is committed."""

    def __init__(self, database: Database, tables: dict[str, MemoryTable], broker: Broker) -> None:
        self._database = database
        self._tables = tables
        self._broker = broker
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
            if until < self._until.setdefault(key, until):
                raise Violation(f"the progress of {key} went back")
            if until != self._until[key]:
                raise Violation(f"the progress of {key} moved without an entry in the journal")
        self._lake()

    def _entry(self, row: Journaled) -> None:
        if row.epoch != row.epoch_at_commit:
            raise Violation(f"{row.application}: epoch {row.epoch} committed")
        for each in row.entry.ranges:
            key = (row.application, *each.key)
            known = self._until.get(key, 0)
            if each.start != known:
                raise Violation(f"{key}: [{each.start}, {each.end}) applied after {known}")
            self._until[key] = each.end
            log = self._log(each.topic_id, each.partition)
            records = log[each.start : each.end]
            self.applied[row.application] += records
            valid = [one.event.event_id for one in records if one.event.valid]
            self._ids[row.application].update(valid)
            if row.application == "ingest":
                self._ledger(records)

    def _log(self, topic_id: str, partition: int) -> list[Record]:
        for topic in self._broker.history:
            if topic.topic_id == topic_id:
                return topic.partitions[partition].records
        raise Violation(f"no topic was ever {topic_id}")

    def _ledger(self, records: list[Record]) -> None:
        """Bronze = silver + duplicate + quarantine."""
        for record in records:
            held = {name: table.held.get(record.position, 0) for name, table in self._each(record)}
            if held.pop("bronze") != 1 or sum(held.values()) != 1:
                raise Violation(f"{record.position} is in {held}")

    def _each(self, record: Record) -> list[tuple[str, MemoryTable]]:
        names = ("bronze", "duplicates", "quarantine", f"silver.{record.topic}")
        return [(name, self._tables[name]) for name in names]

    def _lake(self) -> None:
        for name, table in self._tables.items():
            if len(table.snapshots) == self._snapshots[name]:
                continue
            self._snapshots[name] = len(table.snapshots)
            if any(times > 1 for times in table.held.values()):
                raise Violation(f"{name} holds a position twice")
            if name.startswith("silver"):
                for event_id, rows in table.events.items():
                    if len(rows) > 1:
                        raise Violation(f"{name} holds event {event_id} twice")

    def final(self) -> None:
        """Compare every answer with one made from scratch of the records that were applied."""
        self.look()
        self._ledger(self.applied["ingest"])
        expected: dict[str, Any] = {}
        orders = self._distinct("orders")
        expected["order_metrics"] = applications.order_metrics(orders)
        expected["alerts"] = set(applications.alerts(orders))
        expected |= self._click_answers()
        for name, rows in expected.items():
            found: Any = self._database.table(name)
            if name == "alerts":
                found = set(found)
            if found != rows:
                raise Violation(f"{name}: {_difference(found, rows)}")
        unsent = [key for key, sent in self._database.table("outbox").values() if not sent]
        if unsent or set(self._broker.alerts) != expected["alerts"]:
            raise Violation(f"alerts sent: {set(self._broker.alerts) ^ expected['alerts']}")

    def _click_answers(self) -> dict[str, Any]:
        """Nothing is expected where a topic was deleted before `clicks` had read a copy that silver
        may have elected: the copies that it read do not count."""
        clicks = self._distinct("clicks")
        ids = {each.event_id for each in clicks}
        current = self._broker.topics["clicks"]
        for topic in self._broker.history:
            if topic.name != "clicks" or topic is current:
                continue
            for index, log in enumerate(topic.partitions):
                until = self._until.get(("clicks", topic.topic_id, index), 0)
                if any(each.event.event_id in ids for each in log.records[until:]):
                    return {}
        visits = applications.join_visits(applications.visits(clicks))
        return {
            "product_activity": applications.product_activity(clicks),
            "recent_views": applications.recent_views(clicks),
            "sessions": {(each.user_id, each.started_at): each for each in visits},
        }

    def _distinct(self, application: str) -> list[Event]:
        events = {
            each.event.event_id: each.event
            for each in self.applied[application]
            if each.event.valid
        }
        return list(events.values())


def _difference(found: Any, expected: Any) -> str:
    if isinstance(found, set):
        return f"{found ^ expected}"
    differ = [key for key in {**found, **expected} if found.get(key) != expected.get(key)]
    return "; ".join(f"{k}: {found.get(k)}, not {expected.get(k)}" for k in differ[:2])

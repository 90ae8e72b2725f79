"""The three applications on frames that are lists: the kernel's order of effects, the questions'
own rules, and plain Python where the product has Spark."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from contracts.events import alert_id
from emr_jobs.kernel.answers import apply_once
from emr_jobs.kernel.batches import Batch
from emr_jobs.kernel.lake import LakeIngest, LakeTables
from emr_jobs.kernel.merge import Merge
from emr_jobs.kernel.outbox import relay
from emr_jobs.kernel.progress import Commit, ProgressStore
from emr_jobs.kernel.ranges import OffsetRange
from emr_jobs.questions.sessions import GAP, joined
from emr_jobs.questions.sessions import Session as Visit
from emr_jobs.stores.click_ids import REMEMBERED, STALE, AppliedUntil, remembered_from
from tests.simulation.database import MemoryOutbox, Session
from tests.simulation.lake import TableClient
from tests.simulation.questions import ORDER_METRICS, PRODUCT_ACTIVITY, RECENT_VIEWS
from tests.simulation.records import BrokerClient, Event, Position, Record, require_all, within

Records = list[Record]
Row = dict[str, Any]
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
# An order above this raises an alert.
SUSPICIOUS = 900


@cache
def moment(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=micros)


def firsts_of(records: Records) -> tuple[Records, int]:
    """Each valid event once (its lowest partition and offset), and how many copies there are."""
    found: dict[str, Record] = {}
    good = 0
    for record in sorted(records, key=lambda each: (each.partition, each.offset)):
        if record.event.valid:
            good += 1
            found.setdefault(record.event.event_id, record)
    return list(found.values()), good - len(found)


def insert_unknown(session: Session, table: str, firsts: Records) -> set[str]:
    """Insert the ids that are not known; returns those that another record had brought."""
    session.asked()
    rows, known = session.database.table(table), set()
    for record in firsts:
        event_id = record.event.event_id
        if event_id not in rows:
            session.write(rows, event_id, record)
        elif rows[event_id].position != record.position:
            known.add(event_id)
    return known


def merge_into(session: Session, merge: Merge, partials: dict[Any, dict[str, Any]]) -> None:
    """What `emr_jobs.stores.postgres_merge.merge_sql` does."""
    session.asked()
    rows = session.database.table(merge.into.name)
    for key, new in partials.items():
        session.write(rows, key, _folded(merge, rows.get(key), new))


def order_metrics(events: Iterable[Event]) -> dict[Any, dict[str, Any]]:
    """One row per key, as the question's step gives them."""
    return _partials(ORDER_METRICS, ((_order_key(each), _order_row(each)) for each in events))


def product_activity(events: Iterable[Event]) -> dict[Any, dict[str, Any]]:
    return _partials(PRODUCT_ACTIVITY, ((each.key, _product_row(each)) for each in events))


def recent_views(events: Iterable[Event]) -> dict[Any, dict[str, Any]]:
    rows = (((each.key % 2, each.key), {"viewed_at": each.event_time}) for each in events)
    return _partials(RECENT_VIEWS, rows)


def _partials(
    merge: Merge, rows: Iterable[tuple[Any, dict[str, Any]]]
) -> dict[Any, dict[str, Any]]:
    found: dict[Any, dict[str, Any]] = {}
    for key, row in rows:
        found[key] = _folded(merge, found.get(key), row)
    return found


def _folded(merge: Merge, stored: Row | None, new: Row) -> Row:
    if stored is None:
        return new
    return {name: merge.columns[name].fold(stored[name], new[name]) for name in new}


def _order_key(event: Event) -> tuple[int, int]:
    return event.event_time // 60_000_000, event.key


def _order_row(event: Event) -> dict[str, Any]:
    return {
        "window_end": event.event_time // 60_000_000,
        "region": f"r{event.amount % 3}",
        "order_count": 1,
        "revenue": event.amount,
        "largest": event.amount,
        "smallest": event.amount,
        "cancelled_count": event.amount % 2,
        "revised": 0,
    }


def _product_row(event: Event) -> dict[str, Any]:
    return {"views": 1, "carts": event.amount % 2, "purchases": 0, "revenue": event.amount}


def visits(events: Iterable[Event]) -> list[Visit]:
    """Each click as a session of its own: `joined` makes those of a batch."""
    return [
        Visit(
            user_id=f"u{each.key % 2}",
            currency="EUR",
            started_at=moment(each.event_time),
            ended_at=moment(each.event_time),
            region="r",
            events=1,
            views=1,
            carts=0,
            purchases=0,
            removals=0,
            revenue=Decimal(each.amount),
            products=frozenset((str(each.key),)),
        )
        for each in events
    ]


def join_visits(sessions: Iterable[Visit]) -> Iterator[Visit]:
    """The sessions of each user, joined."""
    by_user: dict[str, list[Visit]] = {}
    for each in sessions:
        by_user.setdefault(each.user_id, []).append(each)
    for own in by_user.values():
        yield from joined(own)


def alerts(events: Iterable[Event]) -> list[str]:
    """The ids of the alerts that orders raise; several orders of a customer raise one."""
    suspicious = {each.key for each in events if each.amount > SUSPICIOUS}
    return [alert_id("amount", 1, f"customer:{key}", None) for key in sorted(suspicious)]


@dataclass
class OrderEvents:
    """The kernel's `BatchEvents` of a batch of orders."""

    records: Records
    name_alerts: Callable[[Iterable[Event]], list[str]]

    def look_elsewhere(self) -> None:
        """The table of orders forgets nothing."""

    def remember(self, connection: Session) -> bool:
        firsts, self.copies = firsts_of(self.records)
        self.known = insert_unknown(connection, "orders", firsts)
        self.new = [each.event for each in firsts if each.event.event_id not in self.known]
        return bool(self.new)

    def answer(self, commit: Commit[Session]) -> None:
        session = commit.connection
        merge_into(session, ORDER_METRICS, order_metrics(self.new))
        raised = session.database.table("alerts")
        outbox = MemoryOutbox(session)
        for each in self.name_alerts(self.new):
            if each not in raised:
                session.write(raised, each, commit.sequence)
                outbox.enqueue(each)

    def close(self, commit: Commit[Session]) -> None:
        rejected = sum(not each.event.valid for each in self.records)
        commit.counts.update(
            new=len(self.new), duplicate=self.copies + len(self.known), quarantine=rejected
        )


class Orders:
    """One batch becomes one transaction; its alerts leave by the outbox."""

    def __init__(self, session: Session, progress: ProgressStore[Session], sender: BrokerClient):
        self._session = session
        self._progress = progress
        self._sender = sender
        self.name_alerts = alerts

    def apply(self, batch: Batch[Records]) -> None:
        require_all(batch.records, batch.ranges)
        apply_once(batch, OrderEvents(batch.records, self.name_alerts), self._progress)
        self.repeat()

    def rehearse(self, batch: Batch[Records]) -> None:
        """Nothing is slow here."""

    def repeat(self) -> None:
        relay(MemoryOutbox(self._session), self._sender)


@dataclass
class ClickEvents:
    """The kernel's `BatchEvents` of a batch of clicks."""

    batch: Batch[Records]
    silver: TableClient
    forget: Callable[[Session, Batch[Records]], None]

    def look_elsewhere(self) -> None:
        """As `apps.clicks.elected_elsewhere`."""
        self.firsts, self.copies = firsts_of(self.batch.records)
        self.elsewhere: set[str] = set()
        stale = [
            each
            for each in self.firsts
            if moment(each.event.event_time) < moment(each.append_time) - STALE
        ]
        if not stale:
            return
        self.silver.asked()
        forgotten = remembered_from(self.batch.started_at)
        for each in stale:
            held = [
                row
                for row in self.silver.copies(each.event.event_id)
                if row.position != each.position and moment(row.append_time) < forgotten
            ]
            if len(held) > len(within(held, self.batch.ranges)):
                self.elsewhere.add(each.event.event_id)

    def remember(self, connection: Session) -> bool:
        candidates = [e for e in self.firsts if e.event.event_id not in self.elsewhere]
        self.known = insert_unknown(connection, "click_ids", candidates)
        self.new = [each.event for each in candidates if each.event.event_id not in self.known]
        return bool(self.new)

    def answer(self, commit: Commit[Session]) -> None:
        session = commit.connection
        merge_into(session, PRODUCT_ACTIVITY, product_activity(self.new))
        merge_into(session, RECENT_VIEWS, recent_views(self.new))
        self._merge_visits(session)

    def _merge_visits(self, session: Session) -> None:
        """As the fold of the question `sessions`."""
        session.asked()
        rows = session.database.table("sessions")
        batch = list(join_visits(visits(self.new)))
        touched = [
            held
            for held in rows.values()
            if any(
                held.user_id == each.user_id
                and held.ended_at > each.started_at - GAP
                and held.started_at < each.ended_at + GAP
                for each in batch
            )
        ]
        for each in touched:
            session.delete(rows, (each.user_id, each.started_at))
        for each in join_visits([*touched, *batch]):
            session.write(rows, (each.user_id, each.started_at), each)

    def close(self, commit: Commit[Session]) -> None:
        rejected = sum(not each.event.valid for each in self.batch.records)
        gone = self.copies + len(self.known) + len(self.elsewhere)
        commit.counts.update(new=len(self.new), duplicate=gone, quarantine=rejected)
        self.forget(commit.connection, self.batch)


class Clicks:
    """One batch becomes one transaction; ids that silver knows are forgotten."""

    def __init__(
        self,
        progress: ProgressStore[Session],
        broker: BrokerClient,
        silver: TableClient,
        clock: Callable[[], datetime],
    ) -> None:
        self._progress = progress
        self._broker = broker
        self._silver = silver
        self._clock = clock
        self._applied_until = AppliedUntil()

    def apply(self, batch: Batch[Records]) -> None:
        require_all(batch.records, batch.ranges)
        apply_once(batch, ClickEvents(batch, self._silver, self._forget), self._progress)

    def rehearse(self, batch: Batch[Records]) -> None:
        """Nothing is slow here."""

    def repeat(self) -> None:
        """Nothing leaves the store."""

    def _forget(self, session: Session, batch: Batch[Records]) -> None:
        """As `apps.clicks.ClickAnswers._forget`."""
        newest: dict[int, datetime] = {}
        for each in batch.records:
            if each.event.valid:
                at = moment(each.append_time)
                newest[each.partition] = max(at, newest.get(each.partition, at))
        self._applied_until.saw(newest)
        (topic_id,) = {each.topic_id for each in batch.ranges}
        applied = {
            partition: until
            for (topic, partition), until in self._progress.applied().items()
            if topic == topic_id
        }
        asked_at = self._clock()
        ends = self._broker.end_offsets(["clicks"])["clicks"]
        until = self._applied_until.moment(applied, ends, asked_at)
        if until is not None:
            forget(session, topic_id, until)


def forget(session: Session, topic_id: str, applied_until: datetime) -> None:
    """As `stores.click_ids.forget`."""
    session.asked()
    progress = session.database.progress
    ids = session.database.table("click_ids")
    behind = any(
        until > progress.get(("clicks", topic_id, partition), 0)
        for (application, topic, partition), until in list(progress.items())
        if application == "ingest" and topic == topic_id
    )
    if behind:
        return
    before = applied_until - REMEMBERED
    for event_id, record in list(ids.items()):
        passed = progress.get(("ingest", record.topic_id, record.partition), 0) > record.offset
        if passed and moment(record.append_time) < before:
            session.delete(ids, event_id)


@dataclass
class SortedList:
    """The kernel's `SortedRecords`."""

    topic: str
    silver: Records | None
    duplicates: Records | None
    quarantine: Records | None

    def count(self, commit: Commit[Session]) -> None:
        connection, counts = commit.connection, commit.counts
        connection.asked()
        rows = connection.database.table("quality")
        for name in ("silver", "duplicates", "quarantine"):
            records = len(getattr(self, name) or ())
            counts[name] = counts.get(name, 0) + records
            key = self.topic, name
            connection.write(rows, key, rows.get(key, 0) + records)


class Ingest:
    """Every offset into bronze; each event once into silver. `version` is the code's."""

    def __init__(
        self,
        tables: LakeTables[Records],
        silver: dict[str, TableClient],
        lake: LakeIngest[Records, Session],
        version: int,
    ) -> None:
        self._tables = tables
        self._silver = silver
        self._lake = lake
        self._version = version

    def apply(self, batch: Batch[Records]) -> None:
        def sort(topic: str, ranges: Sequence[OffsetRange], rejected: Records | None) -> SortedList:
            mine = [each for each in batch.records if each.topic == topic]
            require_all(mine, ranges)
            return self._sorted(topic, mine, {each.position for each in rejected or ()})

        self._lake.apply(batch, sort)

    def rehearse(self, batch: Batch[Records]) -> None:
        """Nobody waits for the lake."""

    def repeat(self) -> None:
        """The lake has no projections."""

    def _sorted(self, topic: str, records: Records, rejected: set[Position]) -> SortedList:
        """As `apps.ingest.Ingest._sort`."""
        silver = self._silver[topic]
        silver.asked()
        good = [
            each
            for each in records
            if each.event.valid
            and each.event.version <= self._version
            and each.position not in rejected
        ]
        twins: dict[str, Record] = {}
        for each in sorted(good, key=lambda each: each.position):
            event_id = each.event.event_id
            if event_id not in twins:
                known = silver.copies(event_id)
                twins[event_id] = known[0] if known else each
        new = [e for e in good if twins[e.event.event_id].position == e.position]
        copies = [e for e in good if twins[e.event.event_id].position != e.position]
        kept = {id(each) for each in good}
        bad = [each for each in records if id(each) not in kept]
        return SortedList(topic, new or None, copies or None, bad or None)

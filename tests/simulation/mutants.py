"""Kernels with one part broken, each in a way that somebody could break it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from emr_jobs.kernel.batches import Batch, BatchRunner
from emr_jobs.kernel.lake import LakeIngest, TableState
from emr_jobs.kernel.merge import Row
from emr_jobs.kernel.offset_log import batch_ranges
from emr_jobs.kernel.progress import Commit, ProgressStore
from emr_jobs.kernel.ranges import OffsetRange, Progress, unapplied
from emr_jobs.stores.click_ids.marks import Runs
from emr_jobs.stores.click_ids.remembering import ClickIds, IdBlock
from tests.simulation.applications.clicks import Clicks
from tests.simulation.applications.orders import OrderEvents, Orders
from tests.simulation.applications.questions import alerts
from tests.simulation.driver import Kernel
from tests.simulation.records import Event, Record, firsts_of, skipped_offsets
from tests.simulation.stores.click_blocks import MemoryBlocks
from tests.simulation.stores.database import MemoryOutbox, Session
from tests.simulation.stores.lake import TableClient


class NoEpochCheck(ProgressStore[Session]):
    """Commits without asking who drives the application."""

    def _require_lease(self) -> None: ...


class NoCompareAndSet(Session):
    """Moves the progress from wherever it is."""

    def move(self, application: str, applied: OffsetRange) -> bool:
        self.asked()
        self.write(self.database.progress, (application, *applied.key), applied.end)
        return True


class SkipsUnrecorded(ProgressStore[Session]):
    """Passes over offsets without a record and says nothing of them."""

    @contextmanager
    def commit(
        self, batch_id: int, ranges: Iterable[OffsetRange], started_at: datetime
    ) -> Iterator[Commit[Session]]:
        with super().commit(batch_id, ranges, started_at) as commit:
            yield commit
            commit.skipped = ()


class PartialCoverIgnored(BatchRunner[list[Record]]):
    """Hands a batch over whole though a part of it is applied."""

    def _run(self, raw: list[Record], batch_id: int) -> None:
        started_at = self._clock()
        self.require_same_topics()
        ranges = self._ranges(batch_id)
        fresh = unapplied(ranges, self._progress.applied())
        if all(each.start == each.end for each in ranges):
            return
        self._visit("batch-started")
        if fresh:
            records = self._cut(self._source.records(raw, ranges), ranges, fresh)
            self._application.apply(Batch(batch_id, records, fresh, started_at))
        else:
            self._application.repeat()

    def _cut(
        self, records: list[Record], ranges: Sequence[OffsetRange], fresh: Sequence[OffsetRange]
    ) -> list[Record]:
        return records


class TwinsAcrossTheEdge(Orders):
    """Knows the copies within a batch alone: of those before it the ids are not looked up."""

    def apply(self, batch: Batch[list[Record]]) -> None:
        rows = self._session.database.table("orders")
        with self._progress.commit(batch.id, batch.ranges, batch.started_at) as commit:
            commit.skipped = skipped_offsets(batch.records, batch.ranges)
            firsts, _ = firsts_of(batch.records)
            for record in firsts:
                self._session.write(rows, record.event.event_id, record)
            events = OrderEvents(batch.records, (), self.raise_alerts)
            events.new = [record.event for record in firsts]
            if events.new:
                events.answer(commit)
        self.repeat()


class MarkerOutsideTheTransaction(ProgressStore[Session]):
    """Stores the answers in one transaction, and the progress in the next."""

    @contextmanager
    def commit(
        self, batch_id: int, ranges: Iterable[OffsetRange], started_at: datetime
    ) -> Iterator[Commit[Session]]:
        with self._rows.transaction() as connection:
            self._require_lease()
            commit = Commit(connection, self._rows.last_sequence(self._lease.application) + 1)
            yield commit
        with super().commit(batch_id, ranges, started_at):
            pass


class RelayWithoutId(Orders):
    """Names an alert that was raised before by when it is raised again."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.raise_alerts = self._numbered

    def _numbered(self, events: Iterable[Event]) -> Iterator[Row]:
        raised = {key for (key,) in self._session.database.table("alerts")}
        for each in alerts(events):
            name = each["alert_id"]
            yield {**each, "alert_id": f"{len(raised)}-{name}" if name in raised else name}


class RelayMarksFirst(Orders):
    """Marks its messages before it sends them."""

    def repeat(self) -> None:
        outbox = MemoryOutbox(self._session)
        messages = outbox.unsent(100)
        if messages:
            outbox.mark_sent(messages[-1].sequence)
            self._sender.send((each.topic, each.key, each.value) for each in messages)


class UnvalidatedCommit(TableClient):
    """Overwrites its number whoever has written it."""

    def commit(self, rows: list[Record], state: TableState, until: Progress) -> None:
        self.asked()
        self.table.overwrite(rows, state.commit_number + 1, until)


class StateReadLate(LakeIngest[list[Record], Session]):
    """Reads a table's state when it commits, after it has told what is new: as it once was."""

    def _add(
        self,
        table: Any,
        state: TableState,
        rows: list[Record],
        ranges: Sequence[OffsetRange],
        applied: Progress,
    ) -> None:
        super()._add(table, table.state(), rows, ranges, applied)


class RejectionsForgotten(LakeIngest[list[Record], Session]):
    """Judges anew what the quarantine holds already: as it once was."""

    def _rejected_before(
        self, state: TableState, ranges: Sequence[OffsetRange], applied: Progress
    ) -> list[Record] | None:
        return None


class StartNotCompared(BatchRunner[list[Record]]):
    """Believes a checkpoint that was made anew under its query: as it once was."""

    def _ranges(self, batch_id: int) -> tuple[OffsetRange, ...]:
        return batch_ranges(self._files, batch_id, self._identity.topic_ids)


class WholePartitionsMissed(PartialCoverIgnored):
    """Cuts a batch only where a partition is covered in part: as it once was."""

    def _cut(
        self, records: list[Record], ranges: Sequence[OffsetRange], fresh: Sequence[OffsetRange]
    ) -> list[Record]:
        starts = {each.key: each.start for each in ranges}
        if any(each.start > starts[each.key] for each in fresh):
            return self._source.within(records, fresh)
        return records


class NothingResumed(BatchRunner[list[Record]]):
    """Sends what was left unsent with the next batch, if there is one: as it once was."""

    def resume(self, earliest: object) -> None: ...


class DriverNotAsked(ProgressStore[Session]):
    """Lets a superseded driver of ingest write to bronze: as it once was."""

    def require_driver(self) -> None: ...


class IdsForgotten(Clicks):
    """Forgets the ids of a topic that is gone by their age: as it once was."""

    def silver_decided(self, session: Session, block: IdBlock) -> bool:
        current = {each.topic_id for each in self._broker.current()}
        return block.key.topic_id not in current or super().silver_decided(session, block)


class CommitsOfOthersUnread(ClickIds[Session]):
    """Adds its own ids to memory when they are stored, and reads none but at its start."""

    def remember(self, connection: Session, sequence: int, clicks: Any) -> set[str]:
        last, _ = self._read
        known = super().remember(connection, sequence, clicks)
        if last is not None:
            super()._caught_up(connection, sequence)
        return known

    def _caught_up(self, connection: Session, until: int) -> Runs:
        last, runs = self._read
        return super()._caught_up(connection, until) if last is None else runs


class AloneWithIds(Clicks):
    """As if no other driver, and no batch of its own, could have stored ids since."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.ids = CommitsOfOthersUnread(MemoryBlocks())


# Ways in which the heart could break, and ways in which it was broken.
IMAGINED = {
    "no epoch check": Kernel(progress=NoEpochCheck),
    "no compare-and-set": Kernel(session=NoCompareAndSet),
    "skips unrecorded": Kernel(progress=SkipsUnrecorded),
    "partial cover ignored": Kernel(runner=PartialCoverIgnored),
    "twins across the edge": Kernel(orders=TwinsAcrossTheEdge),
    "marker outside the transaction": Kernel(progress=MarkerOutsideTheTransaction),
    "relay without id": Kernel(orders=RelayWithoutId),
    "relay marks first": Kernel(orders=RelayMarksFirst),
    "lake commit unvalidated": Kernel(table=UnvalidatedCommit),
    "commits of others unread": Kernel(clicks=AloneWithIds),
}
MENDED = {
    "state read late": Kernel(lake=StateReadLate),
    "rejections forgotten": Kernel(lake=RejectionsForgotten),
    "nothing resumed": Kernel(runner=NothingResumed),
    "whole partitions missed": Kernel(runner=WholePartitionsMissed),
    "start not compared": Kernel(runner=StartNotCompared),
    "driver not asked": Kernel(progress=DriverNotAsked),
    "ids forgotten": Kernel(clicks=IdsForgotten),
}
# Those that the gate looks for, seed by seed; the other mended ones have their cases alone.
SEARCHED = {
    **IMAGINED,
    "rejections forgotten": MENDED["rejections forgotten"],
    "nothing resumed": MENDED["nothing resumed"],
    "whole partitions missed": MENDED["whole partitions missed"],
    "ids forgotten": MENDED["ids forgotten"],
}
# The application to which most happens while a rare mutant is looked for: it is found sooner so.
FOCUS = {
    "relay marks first": 1,
    "rejections forgotten": 0,
    "nothing resumed": 1,
    "whole partitions missed": 0,
    "ids forgotten": 2,
}

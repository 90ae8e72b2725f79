"""Kernels with one part broken, each in a way that somebody could break it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from emr_jobs.kernel.batches import Batch, BatchRunner
from emr_jobs.kernel.lake import LakeIngest, TableState
from emr_jobs.kernel.offset_log import batch_ranges
from emr_jobs.kernel.progress import Commit, ProgressStore
from emr_jobs.kernel.ranges import OffsetRange, Progress, unapplied
from tests.simulation import applications
from tests.simulation.applications import Orders
from tests.simulation.database import Session
from tests.simulation.lake import TableClient
from tests.simulation.records import Event, Record
from tests.simulation.world import Kernel


class NoEpochCheck(ProgressStore[Session]):
    """Commits without asking who drives the application."""

    def _require_lease(self) -> None: ...


class NoCompareAndSet(Session):
    """Moves the progress from wherever it is."""

    def move(self, application: str, applied: OffsetRange) -> bool:
        self.asked()
        self.write(self.database.progress, (application, *applied.key), applied.end)
        return True


class PartialCoverIgnored(BatchRunner[list[Record]]):
    """Hands a batch over whole though a part of it is applied."""

    def _run(self, raw: list[Record], batch_id: int) -> None:
        started_at = self._clock()
        self.require_same_topics()
        ranges = batch_ranges(self._files, batch_id, self._identity.topic_ids)
        fresh = unapplied(ranges, self._progress.applied())
        self._visit("batch-started")
        if fresh:
            records = self._source.records(raw, ranges)
            self._application.apply(Batch(batch_id, records, fresh, started_at))
        else:
            self._application.repeat()


class CoveredApplied(BatchRunner[list[Record]]):
    """Does not see that a batch is covered: the application gets its records with no range."""

    def _run(self, raw: list[Record], batch_id: int) -> None:
        self._visit("batch-started")
        ranges = batch_ranges(self._files, batch_id, self._identity.topic_ids)
        fresh = unapplied(ranges, self._progress.applied())
        records = self._source.records(raw, ranges)
        self._application.apply(Batch(batch_id, records, fresh, self._clock()))


class TwinsAcrossTheEdge(Orders):
    """Knows the copies within a batch alone: of those before it the ids are not looked up."""

    def apply(self, batch: Batch[list[Record]]) -> None:
        rows = self._session.database.table("orders")
        with self._progress.commit(batch.id, batch.ranges, batch.started_at) as commit:
            firsts, _ = applications.firsts_of(batch.records)
            for record in firsts:
                self._session.write(rows, record.event.event_id, record)
            events = applications.OrderEvents(batch.records, self.name_alerts)
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
    """Names an alert by when it was found, not by what it is."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.name_alerts = self._numbered

    def _numbered(self, events: Iterable[Event]) -> list[str]:
        raised = len(self._session.database.table("alerts"))
        return [f"{raised}-{each}" for each in applications.alerts(events)]


class RelayMarksFirst(Orders):
    """Marks its messages before it sends them."""

    def repeat(self) -> None:
        outbox = applications.MemoryOutbox(self._session)
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

    def _commit(
        self,
        table: Any,
        state: TableState,
        rows: list[Record],
        ranges: Sequence[OffsetRange],
        applied: Progress,
    ) -> None:
        super()._commit(table, table.state(), rows, ranges, applied)


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


class WholePartitionsMissed(BatchRunner[list[Record]]):
    """Cuts a batch only where a partition is covered in part: as it once was."""

    def _run(self, raw: list[Record], batch_id: int) -> None:
        ranges = self._ranges(batch_id)
        fresh = unapplied(ranges, self._progress.applied())
        starts = {each.key: each.start for each in ranges}
        self._visit("batch-started")
        records = self._source.records(raw, ranges)
        if any(each.start > starts[each.key] for each in fresh):
            records = self._source.within(records, fresh)
        if fresh:
            self._application.apply(Batch(batch_id, records, fresh, self._clock()))


class NothingResumed(BatchRunner[list[Record]]):
    """Sends what was left unsent with the next batch, if there is one: as it once was."""

    def resume(self) -> None: ...


MUTANTS = {
    "no epoch check": Kernel(progress=NoEpochCheck),
    "no compare-and-set": Kernel(session=NoCompareAndSet),
    "partial cover ignored": Kernel(runner=PartialCoverIgnored),
    "covered batch applied": Kernel(runner=CoveredApplied),
    "twins across the edge": Kernel(orders=TwinsAcrossTheEdge),
    "marker outside the transaction": Kernel(progress=MarkerOutsideTheTransaction),
    "relay without id": Kernel(orders=RelayWithoutId),
    "relay marks first": Kernel(orders=RelayMarksFirst),
    "lake commit unvalidated": Kernel(table=UnvalidatedCommit),
    "rejections forgotten": Kernel(lake=RejectionsForgotten),
    "whole partitions missed": Kernel(runner=WholePartitionsMissed),
    "nothing resumed": Kernel(runner=NothingResumed),
}

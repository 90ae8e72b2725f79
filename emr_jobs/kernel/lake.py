"""The commit rule of the lake: tables are committed one after the other, each knows what it covers.

A commit is numbered, and of two writers with one number the second fails. A batch that comes again
completes what is missing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial, reduce
from typing import Generic, Protocol, TypeAlias, TypeVar

from emr_jobs.kernel.batches import Batch
from emr_jobs.kernel.crash_points import Visit
from emr_jobs.kernel.progress import Commit, ProgressStore
from emr_jobs.kernel.ranges import OffsetRange, Progress, advanced, furthest, unapplied

logger = logging.getLogger(__name__)

Frame = TypeVar("Frame")
Frame_co = TypeVar("Frame_co", covariant=True)
Connection = TypeVar("Connection")
# Whose turn it is to compute.
Turn: TypeAlias = Callable[[], AbstractContextManager[None]]
# Does all, in any order or side by side; when all have ended, it raises the first error.
Together: TypeAlias = Callable[[Sequence[Callable[[], None]]], None]


@dataclass(frozen=True)
class TableState:
    """What a table's current snapshot holds. `until`: (topic id, partition) -> covered offsets."""

    snapshot_id: int | None
    commit_number: int
    until: Mapping[tuple[str, int], int]


class NumberedTable(Protocol[Frame]):
    """A table of the lake, whose commits are numbered and carry the offsets they cover."""

    @property
    def name(self) -> str:
        """The table's name in messages."""

    def state(self) -> TableState:
        """The table's state now."""

    def within(self, rows: Frame, ranges: Iterable[OffsetRange]) -> Frame:
        """The rows that lie in one of the ranges."""

    def held(self, ranges: Iterable[OffsetRange]) -> Frame:
        """The table's rows that lie in one of the ranges."""

    def union(self, rows: Frame, others: Frame) -> Frame:
        """All rows of both."""

    def commit(self, rows: Frame, state: TableState, until: Progress) -> None:
        """Add rows as the commit after `state`; Conflict when another commit came between."""


def commit_uncovered(
    table: NumberedTable[Frame],
    state: TableState,
    rows: Frame,
    ranges: Iterable[OffsetRange],
    applied: Progress,
) -> None:
    """Commit the rows whose offsets the table did not cover in `state`. Whatever the rows were
    computed from must have been read after it: Conflict tells of another commit since."""
    until = furthest(state.until, applied)
    fresh = unapplied(ranges, until)
    if not fresh:
        logger.info("%s already covers the batch", table.name)
        return
    if any(each not in fresh for each in ranges):
        rows = table.within(rows, fresh)
    table.commit(rows, state, advanced(until, fresh))


class SortedRecords(Protocol[Frame_co]):
    """One topic's records of a batch, each in exactly one of the three; None where none is."""

    @property
    def silver(self) -> Frame_co | None: ...

    @property
    def duplicates(self) -> Frame_co | None: ...

    @property
    def quarantine(self) -> Frame_co | None: ...


class SortedBatch(Protocol[Frame_co, Connection]):
    """The records of a batch, by topic."""

    @property
    def topics(self) -> Mapping[str, SortedRecords[Frame_co]]: ...

    def count(self, commit: Commit[Connection]) -> None:
        """Add the outcomes to the batch's transaction, and to the journal's counts."""


# The batch's ranges by topic, and the rows of the quarantine that are the batch's.
Sort: TypeAlias = Callable[
    [Mapping[str, Sequence[OffsetRange]], Frame | None], SortedBatch[Frame, Connection]
]


@dataclass(frozen=True)
class LakeTables(Generic[Frame]):
    """`events`: every record. `silver` by topic: each event once. The rest named."""

    events: NumberedTable[Frame]
    silver: Mapping[str, NumberedTable[Frame]]
    duplicates: NumberedTable[Frame]
    quarantine: NumberedTable[Frame]


@dataclass(frozen=True)
class LakeIngest(Generic[Frame, Connection]):
    """One batch becomes one commit in each lake table that gets rows, and then the progress."""

    tables: LakeTables[Frame]
    progress: ProgressStore[Connection]
    visit: Visit
    turn: Turn
    together: Together

    def apply(self, batch: Batch[Frame], sort: Sort[Frame, Connection]) -> None:
        """Bronze first. What `sort` rejects is committed before any table that depends on it: code
        that knows more may complete the batch of code that died, and must not accept what is
        quarantined already."""
        # The lake knows no epochs. A driver whose checkpoint another has made anew may hold other
        # records than the ranges say, and must not get as far as bronze.
        self.progress.require_driver()
        applied = self.progress.applied()
        tables = self.tables
        self._commit(tables.events, tables.events.state(), batch.records, batch.ranges, applied)
        self.visit("bronze-committed")
        topics = {
            each.topic: [r for r in batch.ranges if r.topic == each.topic] for each in batch.ranges
        }
        quarantine, duplicates = tables.quarantine.state(), tables.duplicates.state()
        silver = {topic: tables.silver[topic].state() for topic in sorted(topics)}
        rejected = self._rejected_before(quarantine, batch.ranges, applied)
        with self.turn():
            sorted_batch = sort(topics, rejected)
        told = sorted_batch.topics
        bad = [each.quarantine for each in told.values() if each.quarantine is not None]
        if bad:
            rows = reduce(tables.quarantine.union, bad)
            self._commit(tables.quarantine, quarantine, rows, batch.ranges, applied)
        # None of these depends on another.
        commits = [
            partial(self._add, tables.silver[topic], silver[topic], new, ranges, applied)
            for topic, ranges in topics.items()
            if (new := told[topic].silver) is not None
        ]
        copies = [each.duplicates for each in told.values() if each.duplicates is not None]
        if copies:
            rows, table = reduce(tables.duplicates.union, copies), tables.duplicates
            commits.append(partial(self._add, table, duplicates, rows, batch.ranges, applied))
        with self.turn():
            self.together(commits)
        self.visit("lake-committed")
        with self.progress.commit(batch.id, batch.ranges, batch.started_at) as commit:
            sorted_batch.count(commit)

    def _rejected_before(
        self, state: TableState, ranges: Sequence[OffsetRange], applied: Progress
    ) -> Frame | None:
        """The batch's rows of the quarantine, if a driver that died has committed any."""
        if unapplied(ranges, furthest(state.until, applied)) == tuple(ranges):
            return None
        return self.tables.quarantine.held(ranges)

    def _commit(
        self,
        table: NumberedTable[Frame],
        state: TableState,
        rows: Frame,
        ranges: Sequence[OffsetRange],
        applied: Progress,
    ) -> None:
        with self.turn():
            self._add(table, state, rows, ranges, applied)

    def _add(
        self,
        table: NumberedTable[Frame],
        state: TableState,
        rows: Frame,
        ranges: Sequence[OffsetRange],
        applied: Progress,
    ) -> None:
        commit_uncovered(table, state, rows, ranges, applied)

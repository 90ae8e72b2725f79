"""The commit rule of the lake: tables are committed one after the other, each knows what it covers.

A commit is numbered, and of two writers with one number the second fails. A batch that comes again
completes what is missing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import reduce
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

    def union(self, rows: Frame, others: Frame) -> Frame:
        """All rows of both."""

    def commit(self, rows: Frame, state: TableState, until: Progress) -> None:
        """Add rows as the commit after `state`; Conflict when another commit came between."""


def commit_uncovered(
    table: NumberedTable[Frame],
    rows: Frame,
    ranges: Iterable[OffsetRange],
    applied: Progress,
    turn: Turn,
) -> None:
    """Commit the rows whose offsets the table does not cover yet."""
    state = table.state()
    until = furthest(state.until, applied)
    fresh = unapplied(ranges, until)
    if not fresh:
        logger.info("%s already covers the batch", table.name)
        return
    if any(each not in fresh for each in ranges):
        rows = table.within(rows, fresh)
    with turn():
        table.commit(rows, state, advanced(until, fresh))


class SortedRecords(Protocol[Frame_co, Connection]):
    """One topic's records of a batch, each in exactly one of the three; None where none is."""

    @property
    def silver(self) -> Frame_co | None: ...

    @property
    def duplicates(self) -> Frame_co | None: ...

    @property
    def quarantine(self) -> Frame_co | None: ...

    def count(self, commit: Commit[Connection]) -> None:
        """Add the outcomes to the batch's transaction, and to the journal's counts."""


@dataclass(frozen=True)
class LakeTables(Generic[Frame]):
    """`events`: every record. `silver` by topic: each event once. The rest named."""

    events: NumberedTable[Frame]
    silver: Mapping[str, NumberedTable[Frame]]
    duplicates: NumberedTable[Frame]
    quarantine: NumberedTable[Frame]


class LakeIngest(Generic[Frame, Connection]):
    """One batch becomes one commit in each lake table that gets rows, and then the progress."""

    def __init__(
        self,
        tables: LakeTables[Frame],
        progress: ProgressStore[Connection],
        visit: Visit,
        turn: Turn,
    ) -> None:
        self._tables = tables
        self._progress = progress
        self._visit = visit
        self._turn = turn

    def apply(
        self,
        batch: Batch[Frame],
        sort: Callable[[str, Sequence[OffsetRange]], SortedRecords[Frame, Connection]],
    ) -> None:
        """`sort` is asked for each topic of the batch, once bronze has its records."""
        applied = self._progress.applied()
        self._commit(self._tables.events, batch.records, batch.ranges, applied)
        self._visit("bronze-committed")
        outcomes = []
        for topic in sorted({each.topic for each in batch.ranges}):
            ranges = [each for each in batch.ranges if each.topic == topic]
            with self._turn():
                outcome = sort(topic, ranges)
            outcomes.append(outcome)
            if outcome.silver is not None:
                self._commit(self._tables.silver[topic], outcome.silver, ranges, applied)
        duplicates = [each.duplicates for each in outcomes]
        self._commit_all(self._tables.duplicates, duplicates, batch.ranges, applied)
        quarantine = [each.quarantine for each in outcomes]
        self._commit_all(self._tables.quarantine, quarantine, batch.ranges, applied)
        self._visit("lake-committed")
        with self._progress.commit(batch.id, batch.ranges, batch.started_at) as commit:
            for outcome in outcomes:
                outcome.count(commit)

    def _commit_all(
        self,
        table: NumberedTable[Frame],
        parts: Iterable[Frame | None],
        ranges: Sequence[OffsetRange],
        applied: Progress,
    ) -> None:
        frames = [part for part in parts if part is not None]
        if frames:
            self._commit(table, reduce(table.union, frames), ranges, applied)

    def _commit(
        self,
        table: NumberedTable[Frame],
        rows: Frame,
        ranges: Sequence[OffsetRange],
        applied: Progress,
    ) -> None:
        commit_uncovered(table, rows, ranges, applied, self._turn)

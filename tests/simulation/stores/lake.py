"""The lake in memory: numbered commits, validated from the snapshot they were computed from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from emr_jobs.kernel.errors import Conflict
from emr_jobs.kernel.lake import TableState
from emr_jobs.kernel.ranges import OffsetRange, Progress
from tests.simulation.records import Position, Record, within
from tests.simulation.stores.calls import Calls


@dataclass
class Snapshot:
    """What maintenance makes has no properties: `until` is None."""

    number: int
    until: Mapping[tuple[str, int], int] | None


@dataclass
class MemoryTable:
    """A table of the lake. `places` says how often each position is held; `events` where each
    event is."""

    name: str
    snapshots: list[Snapshot] = field(default_factory=list)
    rows: dict[int, list[Record]] = field(default_factory=dict)
    held: dict[Position, int] = field(default_factory=lambda: defaultdict(int))
    events: dict[str, list[Record]] = field(default_factory=lambda: defaultdict(list))
    written_at: dict[int, int] = field(default_factory=dict)

    def compact(self) -> None:
        """Rewrite the files, as maintenance does: the snapshot has no properties."""
        if self.snapshots:
            self.snapshots.append(Snapshot(self.snapshots[-1].number, None))

    def state(self) -> TableState:
        if not self.snapshots:
            return TableState(None, 0, {})
        for snapshot in reversed(self.snapshots):
            if snapshot.until is not None:
                return TableState(len(self.snapshots), snapshot.number, snapshot.until)
        raise AssertionError("the first snapshot is a commit's")

    def commit(self, rows: list[Record], state: TableState, until: Progress) -> None:
        number = state.commit_number + 1
        if self.written_at.get(number, 0) > (state.snapshot_id or 0):
            raise Conflict(f"another writer committed to {self.name} first")
        self.overwrite(rows, number, until)

    def overwrite(self, rows: list[Record], number: int, until: Progress) -> None:
        """Replace the rows of a number."""
        for record in self.rows.get(number, ()):
            self.held[record.position] -= 1
            self.events[record.event.event_id].remove(record)
        self.rows[number] = rows
        for record in rows:
            self.held[record.position] += 1
            self.events[record.event.event_id].append(record)
        self.snapshots.append(Snapshot(number, dict(until)))
        self.written_at[number] = len(self.snapshots)


class TableClient:
    """A table as one driver reaches it: the kernel's `NumberedTable`."""

    def __init__(self, table: MemoryTable, calls: Calls) -> None:
        self.table = table
        self._calls = calls

    @property
    def name(self) -> str:
        return self.table.name

    def state(self) -> TableState:
        self._calls.before()
        return self.table.state()

    def within(self, rows: list[Record], ranges: Iterable[OffsetRange]) -> list[Record]:
        return within(rows, ranges)

    def held(self, ranges: Iterable[OffsetRange]) -> list[Record]:
        self._calls.before()
        return [row for rows in self.table.rows.values() for row in within(rows, ranges)]

    def union(self, rows: list[Record], others: list[Record]) -> list[Record]:
        return rows + others

    def commit(self, rows: list[Record], state: TableState, until: Progress) -> None:
        self._calls.before()
        self.table.commit(rows, state, until)
        self._calls.after()

    def copies(self, event_id: str) -> list[Record]:
        """The rows of an event."""
        return self.table.events.get(event_id, [])

    def asked(self) -> None:
        """The table is about to be read."""
        self._calls.before()

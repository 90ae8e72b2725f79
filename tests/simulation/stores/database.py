"""Postgres in memory: a transaction that dies leaves nothing, and one that committed may lose its
answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, ValuesView
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from emr_jobs.kernel.lease import DriverRow, Lease
from emr_jobs.kernel.outbox import QueuedMessage
from emr_jobs.kernel.progress import JournalEntry
from emr_jobs.kernel.ranges import OffsetRange
from tests.simulation.records import Record
from tests.simulation.stores.calls import Calls, StoreDown

Key = tuple[str, str, int]


@dataclass
class Driver:
    """A row of `applications`. `held_by`: the connection that holds the advisory lock."""

    epoch: int = 0
    name: str = ""
    heartbeat_at: int = 0
    held_by: object = None


@dataclass
class Journaled:
    """A row of `journal`, and the epoch that was the application's when it was committed."""

    application: str
    epoch: int
    entry: JournalEntry
    epoch_at_commit: int = 0


@dataclass
class Database:
    """Tables by name, each a mapping of keys to rows."""

    drivers: dict[str, Driver] = field(default_factory=dict)
    progress: dict[Key, int] = field(default_factory=dict)
    topics: dict[tuple[str, str], str] = field(default_factory=dict)
    journal: list[Journaled] = field(default_factory=list)
    sequences: dict[str, int] = field(default_factory=dict)
    tables: dict[str, dict[Any, Any]] = field(default_factory=dict)

    def table(self, name: str) -> dict[Any, Any]:
        return self.tables.setdefault(name, {})


class UndoableRows(MutableMapping[Any, Any]):
    """A table as one transaction writes it."""

    def __init__(self, session: Session, rows: dict[Any, Any]) -> None:
        self._session = session
        self._rows = rows

    def __getitem__(self, key: Any) -> Any:
        return self._rows[key]

    def __contains__(self, key: object) -> bool:
        return key in self._rows

    def __setitem__(self, key: Any, row: Any) -> None:
        self._session.write(self._rows, key, row)

    def __delitem__(self, key: Any) -> None:
        self._session.delete(self._rows, key)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def values(self) -> ValuesView[Any]:
        return self._rows.values()


class Session:
    """One connection. It implements the kernel's `ProgressRows` and `DriverRows`."""

    def __init__(self, database: Database, calls: Calls, clock: Callable[[], int]) -> None:
        self.database = database
        self._calls = calls
        self._clock = clock
        self._undo: list[Callable[[], object]] | None = None
        self._broken = False
        calls.connections.append(self)

    # Transactions

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        self._asked()
        self._undo = []
        committed = len(self.database.journal)
        try:
            yield self
            self._asked()
        except BaseException:
            self.rollback()
            raise
        self._undo = None
        for row in self.database.journal[committed:]:
            row.epoch_at_commit = self.database.drivers[row.application].epoch
        self._calls.after()

    def rollback(self) -> None:
        undo, self._undo = self._undo, None
        for each in reversed(undo or ()):
            each()

    def abort(self) -> None:
        if self._undo is not None:
            self.rollback()
            self._broken = True

    def write(self, table: dict[Any, Any], key: Any, row: Any) -> None:
        """Write one row."""
        if self._undo is not None:
            if key in table:
                old = table[key]
                self._undo.append(lambda: table.__setitem__(key, old))
            else:
                self._undo.append(lambda: table.pop(key))
        table[key] = row

    def delete(self, table: dict[Any, Any], key: Any) -> None:
        """Delete one row."""
        old = table.pop(key)
        if self._undo is not None:
            self._undo.append(lambda: table.__setitem__(key, old))

    def rows(self, table: str) -> UndoableRows:
        """A table, for code that writes mappings."""
        return UndoableRows(self, self.database.table(table))

    def insert_unknown(self, table: str, firsts: Iterable[Record]) -> set[str]:
        """Insert the ids that are not known; returns those that another record had brought."""
        self._asked()
        rows, known = self.database.table(table), set()
        for record in firsts:
            event_id = record.event.event_id
            if event_id not in rows:
                self.write(rows, event_id, record)
            elif rows[event_id].position != record.position:
                known.add(event_id)
                self.note("copy across batches")
        return known

    def note(self, what: str) -> None:
        """Count something that happens."""
        self._calls.note(what)

    def asked(self) -> None:
        """A statement is about to run."""
        self._asked()

    def _asked(self) -> None:
        self._calls.before()
        if self._broken:
            raise StoreDown("the server closed the connection")

    # ProgressRows

    def locked_driver(self, application: str) -> DriverRow | None:
        self._asked()
        row = self.database.drivers.get(application)
        return None if row is None else self._driver_row(row)

    def applied(self, application: str) -> dict[tuple[str, int], int]:
        self._asked()
        return {
            (topic_id, partition): until
            for (name, topic_id, partition), until in self.database.progress.items()
            if name == application
        }

    def known_topic_ids(self, application: str, topic: str) -> set[str]:
        topics = self.database.topics
        return {
            topic_id
            for name, topic_id, _ in self.database.progress
            if name == application and topics[name, topic_id] == topic
        }

    def insert(
        self, application: str, topic: str, topic_id: str, offsets: Mapping[int, int]
    ) -> None:
        self._asked()
        self.database.topics[application, topic_id] = topic
        for partition, offset in offsets.items():
            self.write(self.database.progress, (application, topic_id, partition), offset)

    def move(self, application: str, applied: OffsetRange) -> bool:
        self._asked()
        key = (application, *applied.key)
        if self.database.progress.get(key) != applied.start:
            return False
        self.write(self.database.progress, key, applied.end)
        return True

    def add(self, application: str, applied: OffsetRange) -> bool:
        self._asked()
        key = (application, *applied.key)
        if key in self.database.progress:
            return False
        self.write(self.database.progress, key, applied.end)
        return True

    def last_sequence(self, application: str) -> int:
        self._asked()
        return self.database.sequences.get(application, 0)

    def write_journal(self, lease: Lease, entry: JournalEntry) -> None:
        self._asked()
        self.write(self.database.sequences, lease.application, entry.sequence)
        self.database.journal.append(Journaled(lease.application, lease.epoch, entry))
        if self._undo is not None:
            self._undo.append(self.database.journal.pop)

    def write_skipped(self, application: str, skipped: Iterable[OffsetRange]) -> None:
        self._asked()
        table = self.database.table("skipped")
        for each in skipped:
            key = (application, *each.key)
            self.write(table, key, (*table.get(key, ()), *range(each.start, each.end)))

    def accepted_gaps(self, application: str) -> list[tuple[str, int, int]]:
        return []

    def note_repeat(self, application: str, batch_id: int, covered: str) -> None:
        self._asked()
        self.note(f"batch shown again, covered: {covered}")

    # DriverRows

    def claimed_driver(self, application: str) -> DriverRow:
        self._asked()
        return self._driver_row(self.database.drivers.setdefault(application, Driver()))

    def lock(self, application: str) -> bool:
        self._asked()
        row = self.database.drivers[application]
        if row.held_by not in (None, self):
            return False
        row.held_by = self
        return True

    def put(self, lease: Lease) -> None:
        self._asked()
        row = self.database.drivers[lease.application]
        old = (row.epoch, row.name, row.heartbeat_at)
        if self._undo is not None:
            self._undo.append(lambda: _restore(row, *old))
        row.epoch, row.name, row.heartbeat_at = lease.epoch, lease.driver, self._clock()

    def _driver_row(self, row: Driver) -> DriverRow:
        return DriverRow(row.epoch, row.name, (self._clock() - row.heartbeat_at) / 1e6)


def _restore(row: Driver, epoch: int, name: str, heartbeat_at: int) -> None:
    row.epoch, row.name, row.heartbeat_at = epoch, name, heartbeat_at


class MemoryOutbox:
    """The kernel's `Outbox`: rows of (topic, key, value), marked when sent."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._rows = session.database.table("outbox")

    def enqueue(self, key: str) -> None:
        self._session.write(self._rows, len(self._rows) + 1, (key, False))

    def unsent(self, limit: int) -> list[QueuedMessage]:
        self._session.asked()
        return [
            QueuedMessage(sequence, "alerts", key.encode(), b"")
            for sequence, (key, sent) in self._rows.items()
            if not sent
        ][:limit]

    def mark_sent(self, until: int) -> None:
        self._session.asked()
        for sequence, (key, sent) in list(self._rows.items()):
            if sequence <= until and not sent:
                self._session.write(self._rows, sequence, (key, True))

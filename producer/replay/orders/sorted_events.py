"""The events of an export, kept on the disk and given back by the rows where they begin."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pyarrow as pa

from producer.replay.file_order import FileOrder
from producer.replay.files.row_slice import RowSlice
from producer.replay.files.scratch import scratch

_EVENTS = pa.schema(
    [
        ("position", pa.int64()),
        ("event_time", pa.int64()),
        ("order_id", pa.string()),
        ("kind", pa.string()),
        ("customer", pa.string()),
        ("country", pa.string()),
        ("line_count", pa.int64()),
        ("lines", pa.binary()),
        ("total", pa.int64()),
        ("currency", pa.string()),
        ("place", pa.int64()),
    ]
)
# Lines of a large order take up to a megabyte.
_EVENTS_A_BATCH = 512
# Beyond the rows of any file.
_LAST_ROW = 1 << 62


class SortedEvents:
    """Takes events in any order. Those of one position come back in the order in which they came,
    and memory does not grow with their number."""

    def __init__(self) -> None:
        self._held = ExitStack()
        self._connection = self._held.enter_context(scratch())
        self._connection.register("batch", _EVENTS.empty_table())
        self._connection.execute("CREATE SEQUENCE came")
        self._connection.execute(
            "CREATE TABLE events AS SELECT nextval('came') AS number, * FROM batch"
        )
        self._waiting: list[FileOrder] = []

    def add(self, event: FileOrder) -> None:
        """Keep an event."""
        self._waiting.append(event)
        if len(self._waiting) >= _EVENTS_A_BATCH:
            self._write()

    def within(self, chosen: RowSlice) -> Iterator[FileOrder]:
        """The events that begin in the slice, by ascending position."""
        self._write()
        self._connection.execute(
            "SELECT * EXCLUDE (number) FROM events WHERE position BETWEEN ? AND ? "
            "ORDER BY position, number",
            _bounds(chosen),
        )
        while found := self._connection.fetchmany(_EVENTS_A_BATCH):
            yield from (FileOrder(*row) for row in found)

    def newest(self, chosen: RowSlice) -> int | None:
        """The latest time of the events that begin in the slice; None without any."""
        self._write()
        row = self._connection.execute(
            "SELECT max(event_time) FROM events WHERE position BETWEEN ? AND ?", _bounds(chosen)
        ).fetchone()
        return row[0] if row else None

    def close(self) -> None:
        """Remove the events from the disk."""
        self._held.close()

    def _write(self) -> None:
        if not self._waiting:
            return
        columns = zip(zip(*self._waiting, strict=True), _EVENTS.types, strict=True)
        arrays = [pa.array(list(values), kind) for values, kind in columns]
        self._connection.register("batch", pa.Table.from_arrays(arrays, schema=_EVENTS))
        self._connection.execute("INSERT INTO events SELECT nextval('came'), * FROM batch")
        self._waiting = []


def _bounds(chosen: RowSlice) -> tuple[int, int]:
    return chosen.first, _LAST_ROW if chosen.last is None else chosen.last

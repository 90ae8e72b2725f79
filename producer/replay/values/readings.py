"""What the distinct texts of a column mean; each text is read once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from producer.replay.values.row_values import RowRejected

# Enough for the products and dates of a shop. A larger cache starts again, so memory stays flat.
MOST_ENTRIES = 100_000

_Value = TypeVar("_Value")


class Readings(dict[str, "_Value | None"], Generic[_Value]):
    """The meanings of a column's texts; None for a text that no accepted row can have."""

    def __init__(self, read: Callable[[str], _Value]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, text: str) -> _Value | None:
        if len(self) >= MOST_ENTRIES:
            self.clear()
        try:
            value = self._read(text)
        except RowRejected:
            value = None
        self[text] = value
        return value

    def values_of(self, column: pa.DictionaryArray) -> list[_Value | None]:
        """The meanings of the column's distinct texts."""
        return list(map(self.__getitem__, column.dictionary.to_pylist()))


def encoded(
    encode: Callable[[_Value], bytes], values: Sequence[_Value | None]
) -> list[bytes | None]:
    """Each value encoded; None stays None."""
    return [None if value is None else encode(value) for value in values]


def spread(meanings: Sequence[object], column: pa.DictionaryArray, kind: pa.DataType) -> pa.Array:
    """The meaning of the column's text in each row."""
    return pa.array(meanings, kind).take(column.indices)


def unread(columns: Iterable[tuple[Sequence[object], pa.DictionaryArray]]) -> list[int]:
    """The rows of which a column's text has no meaning."""
    bad = None
    for meanings, column in columns:
        if None in meanings:
            missing = pa.array([meaning is None for meaning in meanings], pa.bool_())
            of_rows = missing.take(column.indices)
            bad = of_rows if bad is None else pc.or_(bad, of_rows)
    return [] if bad is None else list(pc.indices_nonzero(bad).to_pylist())

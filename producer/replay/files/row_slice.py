"""Which data rows of a file are replayed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RowSlice:
    """Data rows from `first` to `last` (None: to the end). An event belongs to the slice if its
    first row does."""

    first: int = 1
    last: int | None = None

    def holds(self, row: int) -> bool:
        return self.first <= row and not self.is_past(row)

    def overlaps(self, first: int, last: int) -> bool:
        return self.first <= last and not self.is_past(first)

    def is_past(self, row: int) -> bool:
        return self.last is not None and row > self.last

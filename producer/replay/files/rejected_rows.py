"""The side file of rejected rows: no row is skipped in silence."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from contracts.errors import ShopstreamError
from producer.replay.values.row_values import RowRejected

# Before the columns of the data file.
REJECTED_COLUMNS = ("row", "reason", "column", "value", "detail")

# Takes the number, the rejection and the fields of each rejected row.
OnRejected = Callable[[int, RowRejected, list[str]], None]


class RejectedRows:
    """Counts rejected rows by reason and writes them to the csv file `path`, made by the first one.

    A row is written as its number, why it is rejected, then its fields as they were, however many.
    A row of an order that is too large is written with its number and InvoiceNo only.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        self.path = Path()
        self._columns = columns
        self.counts: Counter[str] = Counter()
        self._file: IO[str] | None = None

    def add(self, row: int, why: RowRejected, fields: list[str]) -> None:
        if self._file is None:
            self._file = self._started()
        self.counts[why.reason] += 1
        told = (row, why.reason, why.column, why.value, why.detail)
        csv.writer(self._file).writerow((*told, *fields))

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _started(self) -> IO[str]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            file = self.path.open("w", newline="", encoding="utf-8")
        except OSError as error:
            raise ShopstreamError(
                f"the file of rejected rows {self.path} cannot be written: {error.strerror}",
                command="name another with --rejected FILE",
            ) from error
        csv.writer(file).writerow((*REJECTED_COLUMNS, *self._columns))
        return file

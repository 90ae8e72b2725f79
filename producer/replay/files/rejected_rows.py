"""The side file of rejected rows: no row is skipped in silence."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from contracts.errors import ShopstreamError

# Before the columns of the data file.
REJECTED_COLUMNS = ("row", "reason", "detail")

# Takes (row number, reason, detail, fields) of each rejected row.
OnRejected = Callable[[int, str, str, list[str]], None]


class RejectedRows:
    """Counts rejected rows by reason and writes them to a csv file, which the first one makes.

    A row is written as its number, reason and detail, then its fields as they were, however many.
    A row of an order that is too large is written with its number and InvoiceNo only.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self.path = path
        self._columns = columns
        self.counts: Counter[str] = Counter()
        self._file: IO[str] | None = None

    def add(self, row: int, reason: str, detail: str, fields: list[str]) -> None:
        if self._file is None:
            self._file = self._started()
        self.counts[reason] += 1
        csv.writer(self._file).writerow((row, reason, detail, *fields))

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

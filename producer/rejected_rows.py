"""The side file of rows that are no line of an order: none is skipped in silence."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import IO

from producer.errors import ProducerError
from producer.retail_rows import COLUMNS, RowReason

REJECTED_COLUMNS = ("row", "reason", "detail", *COLUMNS)


class RejectedRows:
    """Counts rejected rows by reason and writes each to a csv file, made with the first one.

    A row is its number, reason, detail, then its fields as they were, however many. Of an order too
    large to send each row has its number and InvoiceNo alone.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.counts: Counter[str] = Counter()
        self._file: IO[str] | None = None

    def add(self, row: int, reason: RowReason, detail: str, fields: list[str]) -> None:
        if self._file is None:
            self._file = self._started()
        self.counts[reason] += 1
        csv.writer(self._file).writerow((row, reason, detail, *fields))

    def flush(self) -> None:
        if self._file is not None:
            self._file.flush()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _started(self) -> IO[str]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            file = self.path.open("w", newline="", encoding="utf-8")
        except OSError as error:
            raise ProducerError(
                f"the file of rejected rows {self.path} cannot be written: {error.strerror}",
                next_step="name another with --rejected FILE",
            ) from error
        csv.writer(file).writerow(REJECTED_COLUMNS)
        return file

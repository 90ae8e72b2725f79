"""The side file that says which orders are fraud; no event says so."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from contracts.errors import ShopstreamError

LABEL_COLUMNS = ("event_id", "sequence", "order_id", "event_time", "scenario", "incident")
# One row of it. The event_time is in microseconds UTC, and incidents are numbered within their run.
Label = tuple[str, int, str, int, str, int]


class Labels:
    """Writes labels, before the orders leave, to a file that must not exist (None: to no file)."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._file: IO[str] | None = None
        if path is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("x", newline="", encoding="utf-8")
        except OSError as error:
            raise ShopstreamError(
                f"the labels {path} cannot be written: {error.strerror}",
                command="name another file with --labels FILE",
            ) from error
        csv.writer(self._file).writerow(LABEL_COLUMNS)

    def add(self, labels: Iterable[Label]) -> None:
        if self._file is not None:
            csv.writer(self._file).writerows(labels)
            self._file.flush()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

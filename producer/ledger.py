"""Writes the ledger of `contracts.ledger`: attempts before events leave, outcomes after."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import repeat
from pathlib import Path
from typing import Protocol

from contracts.errors import ShopstreamError, Usage
from contracts.ledger import (
    ATTEMPT_COLUMNS,
    ATTEMPTS_FILE,
    OUTCOME_COLUMNS,
    OUTCOMES_FILE,
    RUN_FILE,
    Run,
)
from producer.outlets import Deliveries

# RFC 4180
_LINE_END = "\r\n"
# sequence, event_id, topic, position
Attempt = tuple[int, str, str, int]


def refuse_earlier_ids(ledger: Path | None, cluster_id: str, new_run: bool) -> None:
    """Usage if the cluster holds events whose ids an earlier version made of a file's bytes: the
    same rows would count twice. A new run counts again anyway."""
    for run in [] if new_run else _runs(ledger):
        if run.cluster_id == cluster_id and run.source and run.source.has_ids_of_bytes:
            raise Usage(
                f"run {run.run} was sent by an earlier version, which made ids of the file's "
                "bytes: the same orders would count twice",
                cause="ids now follow from what a row says",
                command="shopstream down --purge, then up and replay; or --new-run to count again",
            )


def kept_zone(ledger: Path | None, data_set: str) -> str:
    """The time zone in which a data set was read last; empty if it was never."""
    zones = [
        run.source.reading["timezone"]
        for run in _runs(ledger)
        if run.source and run.source.data_set == data_set and "timezone" in run.source.reading
    ]
    return zones[-1] if zones else ""


def _runs(ledger: Path | None) -> Iterator[Run]:
    """The runs of a ledger, by name."""
    for path in sorted(ledger.glob(f"*/{RUN_FILE}")) if ledger else ():
        with suppress(ValueError, TypeError):
            yield Run.from_json(path.read_text(encoding="utf-8"))


class Ledger(Protocol):
    """Records what a run tries to send and what becomes of it."""

    def attempt(self, attempts: Iterable[Attempt]) -> None:
        """Record events about to be sent; on return the records survive a crash of this process."""

    def outcome(self, deliveries: Deliveries, details: Sequence[str] | None = None) -> None:
        """Record what became of events; each acknowledged one may have a detail."""

    def sync(self, run: Run) -> None:
        """Make all records survive a crash of the machine, together with the run as it is now."""

    def close(self) -> None:
        """Give back the files; call `sync` first."""


class NoLedger:
    """For runs that need no proof."""

    def attempt(self, attempts: Iterable[Attempt]) -> None: ...

    def outcome(self, deliveries: Deliveries, details: Sequence[str] | None = None) -> None: ...

    def sync(self, run: Run) -> None: ...

    def close(self) -> None: ...


class FileLedger:
    """A folder ``<ledger>/<run>`` with the run's files; ShopstreamError if it cannot be made."""

    def __init__(self, ledger: Path, run: Run) -> None:
        self.folder = ledger / run.run
        try:
            self.folder.mkdir(parents=True)
            self._attempts = _started(self.folder / ATTEMPTS_FILE, ATTEMPT_COLUMNS)
            self._outcomes = _started(self.folder / OUTCOMES_FILE, OUTCOME_COLUMNS)
        except OSError as error:
            raise ShopstreamError(
                f"the ledger {self.folder} cannot be written: {error.strerror}",
                cause="the disk is full, or the folder belongs to somebody else",
            ) from error
        self.sync(run)

    # Numbers, ids and names need no quotes, and joining them takes a third of the time of `csv`.

    def attempt(self, attempts: Iterable[Attempt]) -> None:
        lines = [
            f"{sequence},{event_id},{topic},{position}{_LINE_END}"
            for sequence, event_id, topic, position in attempts
        ]
        self._attempts.write("".join(lines))
        self._attempts.flush()

    def outcome(self, deliveries: Deliveries, details: Sequence[str] | None = None) -> None:
        acknowledged = zip(
            deliveries.sequences,
            deliveries.partitions,
            deliveries.offsets,
            deliveries.append_times,
            repeat("", deliveries.acknowledged) if details is None else details,
            strict=True,
        )
        lines = [
            f"{sequence},acknowledged,{partition},{offset},{append_time},{detail}{_LINE_END}"
            for sequence, partition, offset, append_time, detail in acknowledged
        ]
        self._outcomes.write("".join(lines))
        csv.writer(self._outcomes, lineterminator=_LINE_END).writerows(
            (sequence, "failed", "", "", "", why) for sequence, why in deliveries.failures
        )
        self._outcomes.flush()

    def sync(self, run: Run) -> None:
        os.fsync(self._attempts.fileno())
        os.fsync(self._outcomes.fileno())
        draft = self.folder / f"{RUN_FILE}.draft"
        with draft.open("w", encoding="utf-8") as file:
            file.write(run.to_json())
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.folder / RUN_FILE)

    def close(self) -> None:
        self._attempts.close()
        self._outcomes.close()


def _started(path: Path, columns: Sequence[str]) -> io.TextIOWrapper:
    file = path.open("x", encoding="utf-8", newline="", buffering=1 << 16)
    csv.writer(file, lineterminator=_LINE_END).writerow(columns)
    file.flush()
    return file

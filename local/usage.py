"""How many bytes of its disk a stack takes, part by part, and how fast that grows."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from contracts.laptop.free_space import kept_free
from local.home import Home, write_private

# The supervisor notes the sizes so often. A rate over a shorter time would tell of one batch.
NOTE_SECONDS = 300.0
DAY_SECONDS = 86_400.0
# What a person calls the folders; every other file is `other`.
_PARTS = {
    "kafka": "Kafka",
    "postgres": "Postgres",
    "valkey": "Valkey",
    "warehouse": "lake",
    "checkpoints": "Spark",
    "scratch": "Spark",
    "ledger": "ledger",
    "logs": "logs",
}
_BLOCK = 512


@dataclass(frozen=True)
class Note:
    """What the stack took at a moment, in seconds since 1970."""

    at: float
    total: int


@dataclass(frozen=True)
class DiskUsage:
    """What the parts take now, what is free, and what must stay free; all in bytes.

    `per_day` is the growth at the rate of the last `seconds`; None while that is not known.
    """

    parts: dict[str, int]
    free: int
    kept_free: int
    per_day: int | None
    seconds: float

    @property
    def days_left(self) -> float | None:
        """Days until the producer waits for room; None while nothing grows."""
        if not self.per_day or self.per_day < 0:
            return None
        return max(0, self.free - self.kept_free) / self.per_day


def usage(home: Home, now: float) -> DiskUsage:
    """The disk usage of a stack that was made; `now` is in seconds since 1970."""
    parts, disk = part_bytes(home), shutil.disk_usage(home.root)
    per_day, seconds = growth(_notes(home), Note(now, sum(parts.values())))
    return DiskUsage(parts, disk.free, kept_free(disk.total), per_day, seconds)


def part_bytes(home: Home) -> dict[str, int]:
    """The bytes that each part's files take on the disk, the largest part first."""
    found: Counter[str] = Counter()
    for path in home.own():
        found[_PARTS.get(path.name.split("-")[0], "other")] += _taken(path)
    return dict(found.most_common())


def growth(notes: Sequence[Note], now: Note) -> tuple[int | None, float]:
    """The growth per day since the oldest note of the last day, and the seconds since then; None
    where that is too short a time."""
    first = min(_of_the_day(notes, now.at), key=lambda note: note.at, default=now)
    seconds = now.at - first.at
    if seconds < NOTE_SECONDS:
        return None, seconds
    return int((now.total - first.total) / seconds * DAY_SECONDS), seconds


def note(home: Home, now: float) -> None:
    """Note what the stack takes now, beside the notes of the last day."""
    notes = [*_of_the_day(_notes(home), now), Note(now, sum(part_bytes(home).values()))]
    write_private(home.usage, json.dumps([asdict(one) for one in notes]) + "\n")


def _of_the_day(notes: Sequence[Note], now: float) -> list[Note]:
    """The notes of the last day. A clock that was set back has others, of its future."""
    return [one for one in notes if now - DAY_SECONDS <= one.at <= now]


def _notes(home: Home) -> list[Note]:
    try:
        return [Note(**one) for one in json.loads(home.usage.read_text())]
    except FileNotFoundError:
        return []


def _taken(path: Path) -> int:
    """The bytes on the disk of a file, or of all files in a folder."""
    if not path.is_dir() or path.is_symlink():
        return _blocks(path)
    return sum(_blocks(Path(folder) / name) for folder, _, names in os.walk(path) for name in names)


def _blocks(path: Path) -> int:
    # A running stack removes files all the time.
    with suppress(FileNotFoundError):
        return path.lstat().st_blocks * _BLOCK
    return 0

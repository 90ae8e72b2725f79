"""The state that a supervisor publishes, and how others see that one is running."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from local.home import FILE_MODE, Home, write_private


@dataclass(frozen=True)
class PartStatus:
    """One part as it was published; times are seconds since the epoch."""

    name: str
    title: str
    kind: str
    state: str
    since: float
    pid: int | None
    process_started: float | None
    restarts: int
    reason: str
    address: str
    log: str
    ready_after: float | None


@dataclass(frozen=True)
class Snapshot:
    """The whole stack as it was published."""

    stack_id: str
    supervisor_pid: int
    generation: int
    parts: tuple[PartStatus, ...]

    def part(self, name: str) -> PartStatus | None:
        return next((part for part in self.parts if part.name == name), None)


def publish(home: Home, snapshot: Snapshot) -> None:
    """Replace the published state in one step."""
    write_private(home.status, json.dumps(asdict(snapshot), indent=2) + "\n")


def last_published(home: Home) -> Snapshot | None:
    """The state that was published last; its supervisor may have ended since."""
    try:
        stored = json.loads(home.status.read_text())
    except FileNotFoundError:
        return None
    parts = tuple(PartStatus(**part) for part in stored.pop("parts"))
    return Snapshot(parts=parts, **stored)


def running(home: Home) -> Snapshot | None:
    """The published state while a supervisor holds the lock; None when none does."""
    if not lock_path(home).exists():
        return None
    with holding_lock(home, only_looking=True) as free:
        return None if free else last_published(home)


def lock_path(home: Home) -> Path:
    """The lock that a supervisor holds while it lives. The system frees it whatever ends it."""
    return home.run / "supervisor.lock"


@contextmanager
def holding_lock(home: Home, *, only_looking: bool = False) -> Iterator[bool]:
    """Try to hold the supervisor's lock, and yield whether it was free. Two that only look never
    meet."""
    descriptor = os.open(lock_path(home), os.O_RDWR | os.O_CREAT, FILE_MODE)
    try:
        try:
            wanted = fcntl.LOCK_SH if only_looking else fcntl.LOCK_EX
            fcntl.flock(descriptor, wanted | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)

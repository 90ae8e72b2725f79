"""The log of a part: kept below a size, and read for the last word of a program."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

ROTATE_BYTES = 10 * 1024 * 1024
TAIL_BYTES = 64 * 1024
# How a program says that a restart cannot mend what stopped it.
LAST_WORD = "stopped: "


def rotate(log: Path, limit: int = ROTATE_BYTES) -> bool:
    """Move a log that has grown past `limit` aside, keeping one; the writer notices nothing.

    The file is copied and cut, not renamed: programs hold it open in append mode for hours.
    """
    try:
        if log.stat().st_size < limit:
            return False
    except FileNotFoundError:
        return False
    shutil.copyfile(log, previous(log))
    os.truncate(log, 0)
    return True


def previous(log: Path) -> Path:
    """Where the older half of a log is."""
    return log.with_name(log.name + ".1")


def tail(log: Path, limit: int = TAIL_BYTES) -> str:
    """The end of a log, at most `limit` bytes; empty where there is none."""
    try:
        with log.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - limit))
            return file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""


def last_word(text: str) -> str:
    """The reason in the last line that says `stopped: `, alone or behind a logger's prefix."""
    for line in reversed(text.splitlines()):
        _before, said, reason = f" {line}".partition(f" {LAST_WORD}")
        if said:
            return reason.strip()
    return ""

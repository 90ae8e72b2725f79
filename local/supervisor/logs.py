"""The log of a part: it stays below a size, and tells the last word of a program."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

ROTATE_BYTES = 10 * 1024 * 1024
TAIL_BYTES = 64 * 1024
# How a program says that a restart cannot mend what stopped it.
LAST_WORD = "stopped: "


def rotate(log: Path, limit: int = ROTATE_BYTES) -> bool:
    """Move the content of a log larger than `limit` aside; one such older half is kept.

    The file is copied and cut, not renamed: programs hold it open in append mode for hours, and
    notice nothing.
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
    """The path of the older half of a log."""
    return log.with_name(log.name + ".1")


def tail(log: Path, limit: int = TAIL_BYTES) -> str:
    """The last bytes of a log, at most `limit`; empty where there is no log."""
    try:
        with log.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - limit))
            return file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""


def last_word(text: str) -> str:
    """The reason in the last line with `stopped: `, at its start or behind a logger's prefix."""
    for line in reversed(text.splitlines()):
        _before, said, reason = f" {line}".partition(f" {LAST_WORD}")
        if said:
            return reason.strip()
    return ""

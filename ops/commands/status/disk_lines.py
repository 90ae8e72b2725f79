"""The disk in `status`: what the parts take, what is free, and how long that lasts."""

from __future__ import annotations

from typing import Any

from contracts.laptop.free_space import MB
from local.disk import disk_of
from local.usage import DiskUsage, usage
from ops.stack import Stack

_HOUR, _DAY = 3_600, 86_400


def disk_document(stack: Stack, now: float) -> dict[str, Any]:
    """The disk for programs; `bytes_per_day` and `days_left` are null while they are not known."""
    found = usage(stack.home, now)
    return {
        "bytes": found.parts,
        "free_bytes": found.free,
        "kept_free_bytes": found.kept_free,
        "bytes_per_day": found.per_day,
        "days_left": found.days_left,
    }


def disk_lines(stack: Stack, now: float) -> list[str]:
    """The disk for people."""
    found = usage(stack.home, now)
    parts = ", ".join(f"{name} {size // MB:,} MB" for name, size in found.parts.items())
    return [
        f"on the disk: {parts}",
        f"disk {disk_of(stack.home.root)}: {found.free // MB:,} MB free, of which "
        f"{found.kept_free // MB:,} MB stay free; {outlook(found)}",
    ]


def outlook(found: DiskUsage) -> str:
    """How long the disk lasts."""
    if found.per_day is None:
        return "how fast it fills is not known yet"
    span = "day" if found.seconds > _DAY - _HOUR else f"{found.seconds / _HOUR:.1f} h"
    if found.days_left is None:
        return f"in the last {span} nothing grew"
    return (
        f"at the rate of the last {span} ({found.per_day // MB:,} MB a day) it is full in "
        f"{found.days_left:,.1f} days"
    )

"""Named moments of a batch at which a test may have the process killed.

The five windows in which a crash could lose or double something, in the order a batch meets them.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeAlias, get_args

CrashPoint = Literal[
    # Spark has written the batch's offsets; nothing is stored.
    "batch-started",
    # ingest: bronze is committed, silver is not.
    "bronze-committed",
    # ingest: all lake tables are committed, the progress in Postgres is not.
    "lake-committed",
    # The transaction holds the answers and is not committed.
    "merge-open",
    # The transaction is committed; Spark's commit log does not know.
    "progress-committed",
]
CRASH_POINTS: tuple[CrashPoint, ...] = get_args(CrashPoint)
# Called at each point that a batch comes past.
Visit: TypeAlias = Callable[[CrashPoint], None]


class CrashPoints:
    """Visited by the running batch; does nothing without an `order`.

    When the file `order` names the point that is visited, the file goes and the process group is
    killed: whoever writes the file has one crash for it, at a moment of their choice.
    """

    def __init__(self, order: Path | None = None) -> None:
        self._order = order

    def visit(self, point: CrashPoint) -> None:
        order = self._order
        if order is None or not order.exists():
            return
        if order.read_text(encoding="utf-8").strip() == point:
            order.unlink()
            os.killpg(os.getpgid(0), signal.SIGKILL)

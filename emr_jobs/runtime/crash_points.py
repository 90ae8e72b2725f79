"""Named moments of a batch at which a test may have the process killed.

The five windows in which a crash could lose or double something, in the order a batch meets them.
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

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


@dataclass(frozen=True)
class CrashPlan:
    """Kill the process group at the `occurrence`-th visit of `point`, unless `marker` exists."""

    point: CrashPoint
    occurrence: int
    marker: Path


class CrashPoints:
    """Visited by the running batch; does nothing without a plan."""

    def __init__(self, plan: CrashPlan | None = None) -> None:
        self._plan = plan
        self._visits = 0

    def visit(self, point: CrashPoint) -> None:
        plan = self._plan
        if plan is None or plan.point != point or plan.marker.exists():
            return
        self._visits += 1
        if self._visits >= plan.occurrence:
            plan.marker.write_text(f"{point}\n", encoding="utf-8")
            os.killpg(os.getpgid(0), signal.SIGKILL)

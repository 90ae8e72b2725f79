"""A crash happens at the moment ordered, and once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from emr_jobs.kernel.crash_points import CRASH_POINTS, CrashPoint

# A batch in a process group of its own, as the supervisor starts the applications.
_BATCH = """
import sys
from pathlib import Path
from emr_jobs.kernel.crash_points import CRASH_POINTS, CrashPoints
crash = CrashPoints(Path(sys.argv[1]))
for point in CRASH_POINTS:
    crash.visit(point)
    print(point)
"""


def visited(order: Path) -> tuple[int, list[str]]:
    """How a batch ended, and the moments it came past."""
    done = subprocess.run(
        [sys.executable, "-u", "-c", _BATCH, str(order)],
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )
    return done.returncode, done.stdout.split()


@pytest.mark.parametrize("point", CRASH_POINTS)
def test_a_batch_dies_at_the_point_that_is_ordered_and_the_next_does_not(
    tmp_path: Path, point: CrashPoint
) -> None:
    order = tmp_path / "crash"
    order.write_text(point)
    assert visited(order) == (-9, list(CRASH_POINTS[: CRASH_POINTS.index(point)]))
    assert visited(order) == (0, list(CRASH_POINTS))


def test_nothing_happens_where_nothing_is_ordered(tmp_path: Path) -> None:
    assert visited(tmp_path / "crash") == (0, list(CRASH_POINTS))

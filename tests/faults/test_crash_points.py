"""Killed at each of the five named moments: started again, the batch seen again, none doubled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from emr_jobs.runtime.crash_points import CRASH_POINTS, CrashPoint
from tests.shop import SLICE, Shop, eventually, open_shop

pytestmark = [pytest.mark.e2e, pytest.mark.faults]

# Where the kill comes after what the point names, Spark shows the applied batch again.
_SEEN_AGAIN: dict[CrashPoint, str] = {
    "bronze-committed": "already covers the batch",
    "lake-committed": "already covers the batch",
    "progress-committed": "is covered",
}
ROWS = 3_000
COMMITS = "SELECT count(*) FROM journal"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("shop")) as shop:
        yield shop


@pytest.mark.parametrize("point", CRASH_POINTS)
def test_the_process_group_is_killed_and_nothing_is_lost_or_doubled(
    shop: Shop, tmp_path: Path, point: CrashPoint, record_property: Callable[[str, object], None]
) -> None:
    marker = tmp_path / "crashed"
    shop.answer("up", "--crash-at", point, "--crash-marker", str(marker))
    before = shop.spark()
    seen = len(shop.spark_log())
    start = 1 + CRASH_POINTS.index(point) * ROWS
    shop.replay("--start", str(start), "--limit", str(ROWS))
    eventually(marker.exists, f"the applications die at {point}")
    committed = shop.query(COMMITS)
    # bench/ measures the time to the next commit; here it only has to come.
    seconds = eventually(lambda: shop.query(COMMITS) > committed, "the next commit", 300)
    record_property("seconds to the next commit", round(seconds, 1))
    assert not before.is_running()
    assert shop.status()["parts"]["spark"]["restarts"] >= 1
    shop.verified("--source", str(SLICE))
    assert _SEEN_AGAIN.get(point, "") in shop.spark_log()[seen:]

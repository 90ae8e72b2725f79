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
def order(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that orders a crash."""
    return tmp_path_factory.mktemp("orders") / "crash"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, order: Path) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("shop")) as shop:
        shop.up("--crash-order", str(order))
        yield shop


@pytest.mark.parametrize("point", CRASH_POINTS)
def test_the_process_group_is_killed_and_nothing_is_lost_or_doubled(
    shop: Shop, order: Path, point: CrashPoint, record_property: Callable[[str, object], None]
) -> None:
    before, restarts = shop.spark(), shop.status()["parts"]["spark"]["restarts"]
    seen = len(shop.spark_log())
    order.write_text(point)
    start = 1 + CRASH_POINTS.index(point) * ROWS
    shop.replay("--start", str(start), "--limit", str(ROWS))
    eventually(lambda: not order.exists(), f"the applications die at {point}")
    committed = shop.query(COMMITS)
    # bench/ measures the time to the next commit; here it only has to come.
    seconds = eventually(lambda: shop.query(COMMITS) > committed, "the next commit", 300)
    record_property("seconds to the next commit", round(seconds, 1))
    assert not before.is_running()
    shop.verified("--source", str(SLICE))
    assert shop.status()["parts"]["spark"]["restarts"] == restarts + 1
    assert _SEEN_AGAIN.get(point, "") in shop.spark_log()[seen:]

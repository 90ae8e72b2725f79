"""Up to when all clicks are applied."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from emr_jobs.stores.click_ids.forgetting import AppliedUntil

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("seen", "applied", "ends", "until"),
    [
        pytest.param({}, {0: 5}, {0: 5}, NOON, id="all is applied"),
        pytest.param({0: -MINUTE}, {0: 5}, {0: 6}, NOON - MINUTE, id="one record is left"),
        pytest.param(
            {0: -MINUTE, 1: -9 * MINUTE},
            {0: 5, 1: 5},
            {0: 6, 1: 7},
            NOON - 9 * MINUTE,
            id="the partition that lags most",
        ),
        pytest.param(
            {0: -MINUTE, 1: -9 * MINUTE},
            {0: 5, 1: 7},
            {0: 6, 1: 7},
            NOON - MINUTE,
            id="an idle one",
        ),
        pytest.param({0: -MINUTE}, {0: 5}, {0: 6, 1: 1}, None, id="one that was never read"),
        pytest.param({}, {}, {0: 0}, NOON, id="an empty topic"),
    ],
)
def test_until_when_all_is_applied(
    seen: dict[int, timedelta],
    applied: dict[int, int],
    ends: dict[int, int],
    until: datetime | None,
) -> None:
    reached = AppliedUntil()
    reached.saw({partition: NOON + ago for partition, ago in seen.items()})
    assert reached.moment(applied, ends, NOON) == until

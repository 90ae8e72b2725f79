"""Days as contiguous ranges."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emr_jobs.transforms.partitions import contiguous

MONDAY = date(2011, 8, 1)


def days(*offsets: int) -> list[date]:
    return [MONDAY + timedelta(days=each) for each in offsets]


@pytest.mark.parametrize(
    ("touched", "ranges"),
    [
        pytest.param([], [], id="none"),
        pytest.param(days(0), [tuple(days(0, 1))], id="one day ends at the next"),
        pytest.param(days(1, 0, 1), [tuple(days(0, 2))], id="order and repetition do not matter"),
        pytest.param(days(0, 2), [tuple(days(0, 1)), tuple(days(2, 3))], id="a day between"),
    ],
)
def test_ranges(touched: list[date], ranges: list[tuple[date, date]]) -> None:
    assert contiguous(touched) == ranges


@given(st.lists(st.integers(0, 60)))
def test_ranges_hold_exactly_the_days(offsets: list[int]) -> None:
    held = {
        first + timedelta(days=n)
        for first, end in contiguous(days(*offsets))
        for n in range((end - first).days)
    }
    assert held == set(days(*offsets))

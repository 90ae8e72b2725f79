"""Hours as contiguous ranges."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emr_jobs.transforms.hours import HourRange, hour_ranges

MIDNIGHT = datetime(2011, 8, 1, tzinfo=UTC)


def hour(number: int) -> datetime:
    return MIDNIGHT + timedelta(hours=number)


def between(first: int, end: int) -> HourRange:
    return HourRange(hour(first), hour(end))


@pytest.mark.parametrize(
    ("touched", "most", "ranges"),
    [
        pytest.param([], 9, [], id="none"),
        pytest.param([0], 9, [between(0, 1)], id="one hour ends at the next"),
        pytest.param([1, 0, 1], 9, [between(0, 2)], id="order and repetition do not matter"),
        pytest.param([0, 2], 9, [between(0, 1), between(2, 3)], id="an hour between"),
        pytest.param([23, 24], 9, [between(23, 25)], id="midnight is no gap"),
        pytest.param([0, 2, 9], 2, [between(0, 3), between(9, 10)], id="the shortest gap closes"),
        pytest.param([0, 2, 4], 2, [between(0, 5)], id="equal gaps close together"),
        pytest.param([0, 9], 1, [between(0, 10)], id="one range is allowed"),
    ],
)
def test_ranges(touched: list[int], most: int, ranges: list[HourRange]) -> None:
    assert hour_ranges(map(hour, touched), most) == ranges


@given(st.lists(st.integers(0, 60)), st.integers(1, 40))
def test_ranges_hold_every_hour_and_are_few(numbers: list[int], most: int) -> None:
    ranges = hour_ranges(map(hour, numbers), most)
    held = {n for n in range(61) for each in ranges if each.start <= hour(n) < each.end}
    assert len(ranges) <= most
    assert held >= set(numbers)
    if len(set(numbers)) <= most:
        assert held == set(numbers)


def test_both_engines_are_told_the_same_range() -> None:
    assert between(0, 2).holds_sql("t") == (
        "(t >= '2011-08-01T00:00:00+00:00' AND t < '2011-08-01T02:00:00+00:00')"
    )

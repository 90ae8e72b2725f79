"""Which parts of a published table are written again: every changed time, and no file in part."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emr_jobs.transforms.slices import Slice, days_of, slices_of, whole_days
from emr_jobs.transforms.spans import Span

MONDAY = datetime(2011, 8, 1, tzinfo=UTC)


def at(hour: float) -> datetime:
    return MONDAY + timedelta(hours=hour)


def span(first: float, last: float | None = None, region: str = "EU") -> Span:
    return Span(region, at(first), at(first if last is None else last))


def part(start: float, end: float, region: str | None = "EU") -> Slice:
    return Slice(region, at(start), at(end))


# (files, changed, the parts that are written)
CASES: dict[str, tuple[list[Span], list[Span], list[Slice]]] = {
    "nothing changed": ([span(1, 2)], [], []),
    "no file yet: the day": ([], [span(3)], [part(0, 24)]),
    "one file: the day": ([span(5, 6)], [span(3)], [part(0, 24)]),
    "in the first file": ([span(1, 2), span(5, 6)], [span(1.5)], [part(0, 5)]),
    "before the first file": ([span(1, 2), span(5, 6)], [span(0)], [part(0, 5)]),
    "between two files: the earlier": ([span(1, 2), span(5, 6)], [span(3)], [part(0, 5)]),
    "where the second begins": ([span(1, 2), span(5, 6)], [span(5)], [part(5, 24)]),
    "after the last file": ([span(1, 2), span(5, 6)], [span(23.9)], [part(5, 24)]),
    "one of three": ([span(1, 2), span(5, 6), span(9)], [span(6)], [part(5, 9)]),
    "first and last of three": (
        [span(1, 2), span(5, 6), span(9)],
        [span(1), span(9)],
        [part(0, 5), part(9, 24)],
    ),
    "files that share a time are one": ([span(1, 5), span(5, 6)], [span(1)], [part(0, 24)]),
    "a file within another": ([span(1, 9), span(2, 3), span(10)], [span(9.5)], [part(0, 10)]),
    "the same time of another region": (
        [span(1, 2), span(1, 2, region="US"), span(5, region="US")],
        [span(3)],
        [part(0, 24), part(0, 5, region="US")],
    ),
    "a region without a file": (
        [span(1, 2), span(5)],
        [span(3, region="US")],
        [part(0, 5), part(0, 24, region="US")],
    ),
    "another day's files do not matter": ([span(-2), span(-1)], [span(3)], [part(0, 24)]),
    "over midnight": ([span(1), span(9), span(25)], [span(23, 24)], [part(9, 48)]),
    "two regions": (
        [],
        [span(1), span(1, region="US")],
        [part(0, 24), part(0, 24, region="US")],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_parts_that_are_written(name: str) -> None:
    files, changed, parts = CASES[name]
    assert list(slices_of(files, changed)) == parts


@pytest.mark.parametrize(
    ("changed", "days"),
    [
        pytest.param([], [], id="none"),
        pytest.param([span(0)], [part(0, 24, None)], id="from midnight"),
        pytest.param([span(23.9)], [part(0, 24, None)], id="to midnight"),
        pytest.param([span(1), span(1, region="US")], [part(0, 24, None)], id="once for all"),
        pytest.param([span(25), span(1)], [part(0, 48, None)], id="neighbours in any order"),
        pytest.param([span(1), span(49)], [part(0, 24, None), part(48, 72, None)], id="a gap"),
    ],
)
def test_whole_days(changed: list[Span], days: list[Slice]) -> None:
    assert list(whole_days(changed)) == days


def on_one_day(drawn: tuple[str, int, int, int]) -> Span:
    region, day, first, quarters = drawn
    return span(24 * day + first / 4, 24 * day + min(first + quarters, 95) / 4, region)


quarter = st.integers(0, 95)
spans = st.lists(
    st.tuples(st.sampled_from(["EU", "US"]), st.integers(0, 1), quarter, quarter).map(on_one_day),
    max_size=8,
)


@given(spans, spans)
def test_every_changed_time_is_written_and_no_file_is_cut(
    files: list[Span], changed: list[Span]
) -> None:
    parts = slices_of(files, changed)
    for each in changed:
        for region in {each.region} | {one.region for one in files if _day(one) == _day(each)}:
            assert any(_holds(part, replace(each, region=region)) for part in parts)
    for file in files:
        for one in parts:
            apart = file.region != one.region or file.last < one.start or file.first >= one.end
            assert apart or _holds(one, file)
    assert all(_day(each) in days_of(changed) for each in parts)


def _day(each: Span | Slice) -> datetime:
    time = each.first if isinstance(each, Span) else each.start
    return time.replace(hour=0, minute=0)


def _holds(part: Slice, span: Span) -> bool:
    return part.region == span.region and part.start <= span.first and span.last < part.end

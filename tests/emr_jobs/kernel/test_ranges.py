"""What of a batch is new, given what is applied."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emr_jobs.kernel.errors import Gap, Miscounted
from emr_jobs.kernel.ranges import (
    OffsetRange,
    advanced,
    count_of,
    covered_in_part,
    furthest,
    skipped,
    slices,
    unapplied,
)


def batch(start: int, end: int, partition: int = 0) -> OffsetRange:
    return OffsetRange("ecommerce-orders", "id", partition, start, end)


@pytest.mark.parametrize(
    ("applied", "offered", "fresh"),
    [
        pytest.param({("id", 0): 10}, (10, 20), [(10, 20)], id="next in line is all new"),
        pytest.param({("id", 0): 20}, (10, 20), [], id="applied up to its end is covered"),
        pytest.param({("id", 0): 25}, (10, 20), [], id="applied beyond its end is covered"),
        pytest.param({("id", 0): 15}, (10, 20), [(15, 20)], id="applied in part is cut"),
        pytest.param({("id", 0): 19}, (10, 20), [(19, 20)], id="one offset left is new"),
        pytest.param({("id", 0): 20}, (20, 20), [], id="an empty range is nothing"),
        pytest.param({}, (0, 5), [(0, 5)], id="a partition added while running starts at 0"),
        pytest.param({("other", 0): 9}, (0, 5), [(0, 5)], id="another topic id does not count"),
    ],
)
def test_what_is_new(
    applied: dict[tuple[str, int], int], offered: tuple[int, int], fresh: list[tuple[int, int]]
) -> None:
    found = unapplied([batch(*offered)], applied)
    assert [(each.start, each.end) for each in found] == fresh


@pytest.mark.parametrize(
    ("applied", "start"),
    [
        pytest.param({("id", 0): 10}, 11, id="one offset is missing"),
        pytest.param({}, 1, id="a new partition does not start at 0"),
    ],
)
def test_a_gap_stops_the_application_and_names_the_offsets(
    applied: dict[tuple[str, int], int], start: int
) -> None:
    until = applied.get(("id", 0), 0)
    with pytest.raises(Gap, match=rf"\[{until}, {start}\)"):
        unapplied([batch(start, 20)], applied)


def test_each_partition_is_judged_by_itself() -> None:
    offered = [batch(0, 10, partition=0), batch(0, 10, partition=1), batch(0, 10, partition=2)]
    applied = {("id", 0): 10, ("id", 1): 4}
    found = unapplied(offered, applied)
    assert [(each.partition, each.start, each.end) for each in found] == [(1, 4, 10), (2, 0, 10)]


@pytest.mark.parametrize(
    ("applied", "in_part"),
    [
        pytest.param({("id", 0): 0, ("id", 1): 0}, False, id="all is new"),
        pytest.param({("id", 0): 4, ("id", 1): 0}, True, id="the beginning of one is applied"),
        pytest.param({("id", 0): 10, ("id", 1): 0}, True, id="one is applied whole"),
    ],
)
def test_a_batch_is_covered_in_part(applied: dict[tuple[str, int], int], in_part: bool) -> None:
    ranges = [batch(0, 10), batch(0, 10, partition=1), batch(3, 3, partition=2)]
    applied = applied | {("id", 2): 3}
    assert covered_in_part(ranges, unapplied(ranges, applied)) is in_part


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 40)), max_size=40),
    st.lists(st.integers(0, 39), max_size=10),
)
def test_any_repetition_of_batches_applies_each_offset_once(
    steps: list[tuple[int, int]], repeats: list[int]
) -> None:
    """A reader that falls back to any earlier point and reads on never applies an offset twice."""
    applied: dict[tuple[str, int], int] = {}
    counted: dict[tuple[int, int], int] = {}
    ends = dict.fromkeys(range(4), 0)
    offered = []
    for partition, size in steps:
        offered.append(batch(ends[partition], ends[partition] + size, partition))
        ends[partition] += size
    order = list(range(len(offered)))
    for back in repeats:
        if offered:
            order = order[: back % len(order) + 1] + list(range(len(offered)))
    for index in order:
        try:
            fresh = unapplied([offered[index]], applied)
        except Gap:
            continue
        for each in fresh:
            for offset in range(each.start, each.end):
                counted[each.partition, offset] = counted.get((each.partition, offset), 0) + 1
        applied = advanced(applied, fresh)
    assert counted == {(p, o): 1 for p, end in ends.items() for o in range(end)}


def test_progress_never_goes_back() -> None:
    assert advanced({("id", 0): 30}, [batch(0, 20)]) == {("id", 0): 30}


def test_the_furthest_account_wins_by_partition() -> None:
    assert furthest({("a", 0): 5, ("a", 1): 9}, {("a", 0): 7}) == {("a", 0): 7, ("a", 1): 9}


@pytest.mark.parametrize(
    ("offsets", "gave_none"),
    [
        pytest.param([10, 11, 12, 13], [], id="a record at each offset"),
        pytest.param([11, 12, 13], [(10, 11)], id="the first gave none"),
        pytest.param([10, 11, 12], [(13, 14)], id="the mark at the end"),
        pytest.param([10, 13], [(11, 13)], id="an aborted transaction between two"),
        pytest.param([11], [(10, 11), (12, 14)], id="on both sides of the only record"),
        pytest.param([], [(10, 14)], id="nothing but an aborted transaction"),
        pytest.param([13, 10], [(11, 13)], id="the order of the records does not matter"),
    ],
)
def test_offsets_that_gave_no_record_are_named(
    offsets: list[int], gave_none: list[tuple[int, int]]
) -> None:
    found = skipped([batch(10, 14)], {0: offsets})
    assert [(each.start, each.end) for each in found] == gave_none


@pytest.mark.parametrize(
    "offsets",
    [
        pytest.param({0: [10, 10]}, id="two records at one offset"),
        pytest.param({0: [9]}, id="a record before the range"),
        pytest.param({0: [14]}, id="a record behind the range"),
        pytest.param({1: [10]}, id="a record of another partition"),
    ],
)
def test_records_that_the_offsets_do_not_have_are_miscounted(offsets: dict[int, list[int]]) -> None:
    with pytest.raises(Miscounted):
        skipped([batch(10, 14)], offsets)


@given(
    st.dictionaries(
        st.integers(0, 3), st.tuples(st.integers(0, 9), st.sets(st.integers(0, 9))), min_size=1
    )
)
def test_offsets_are_records_and_skipped_ones_each_once(
    drawn: dict[int, tuple[int, set[int]]],
) -> None:
    ranges = [batch(start, start + 10, partition=each) for each, (start, _) in drawn.items()]
    offsets = {each: {start + n for n in some} for each, (start, some) in drawn.items()}
    found = skipped(ranges, offsets)
    for each in ranges:
        gave_none = [n for one in found if one.key == each.key for n in range(one.start, one.end)]
        assert sorted([*gave_none, *offsets[each.partition]]) == [*range(each.start, each.end)]


@pytest.mark.parametrize(
    ("most", "parts"),
    [
        pytest.param(9, [[(0, 10, 15), (1, 0, 3)]], id="all fit into one part"),
        pytest.param(8, [[(0, 10, 15), (1, 0, 3)]], id="all fit exactly"),
        pytest.param(5, [[(0, 10, 15)], [(1, 0, 3)]], id="a part ends with a partition"),
        pytest.param(4, [[(0, 10, 14)], [(0, 14, 15), (1, 0, 3)]], id="a partition is cut"),
        pytest.param(
            3, [[(0, 10, 13)], [(0, 13, 15), (1, 0, 1)], [(1, 1, 3)]], id="cut more than once"
        ),
    ],
)
def test_ranges_are_cut_into_parts(most: int, parts: list[list[tuple[int, int, int]]]) -> None:
    found = slices([batch(10, 15), batch(0, 3, partition=1)], most)
    assert [[(e.partition, e.start, e.end) for e in part] for part in found] == parts


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 30)), max_size=5), st.integers(1, 12))
def test_parts_are_the_ranges_in_order_and_none_is_too_large(
    drawn: list[tuple[int, int]], most: int
) -> None:
    ranges = [batch(start, start + n, partition=p) for p, (start, n) in enumerate(drawn)]
    parts = list(slices(ranges, most))
    assert all(count_of(part) == most for part in parts[:-1])
    assert all(0 < count_of(part) <= most for part in parts[-1:])
    offsets = [(e.partition, n) for part in parts for e in part for n in range(e.start, e.end)]
    assert offsets == [(e.partition, n) for e in ranges for n in range(e.start, e.end)]

"""Numbered commits to lake tables, in Iceberg and in the simulator's memory: covered offsets,
twins, maintenance in between."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from emr_jobs.kernel.errors import Conflict
from emr_jobs.kernel.lake import NumberedTable
from emr_jobs.kernel.ranges import OffsetRange
from tests.simulation.records import Event, Record
from tests.simulation.stores.calls import Calls
from tests.simulation.stores.lake import MemoryTable, TableClient
from tests.spark.iceberg import Iceberg, iceberg
from tests.spark.session import SPARK

__all__ = ["iceberg"]


class Memory:
    """Tables of the simulator."""

    def table(self) -> NumberedTable[Any]:
        return TableClient(MemoryTable("t"), Calls(Counter(), lambda what: None))

    def rows(self, first: int, end: int, partition: int = 0) -> list[Record]:
        return [
            Record("t", "id", partition, offset, 0, Event(f"e{offset}", 0, 0, 0, True, 1))
            for offset in range(first, end)
        ]

    def offsets(self, rows: list[Record]) -> list[int]:
        return sorted(row.offset for row in rows)

    def compact(self, table: TableClient) -> None:
        table.table.compact()


# The in-memory lake answers as Iceberg does, or the simulator tries something else.
@pytest.fixture(params=["memory", pytest.param("iceberg", marks=SPARK)])
def lake(request: pytest.FixtureRequest) -> Any:
    return Memory() if request.param == "memory" else request.getfixturevalue("iceberg")


@pytest.fixture
def table(lake: Any) -> Any:
    return lake.table()


def offsets(lake: Any, table: Any, end: int = 1_000) -> list[int]:
    """The offsets of the rows that the table holds, of both partitions."""
    held: list[int] = lake.offsets(
        table.held([OffsetRange("t", "id", partition, 0, end) for partition in (0, 1)])
    )
    return held


def test_a_new_table_covers_nothing(table: Any) -> None:
    state = table.state()
    assert (state.snapshot_id, state.commit_number, dict(state.until)) == (None, 0, {})


def test_commits_are_numbered_and_carry_what_they_cover(lake: Any, table: Any) -> None:
    table.commit(lake.rows(0, 3), table.state(), {("id", 0): 3})
    table.commit(lake.rows(3, 5), table.state(), {("id", 0): 5, ("id", 1): 0})
    state = table.state()
    assert (state.commit_number, dict(state.until)) == (2, {("id", 0): 5, ("id", 1): 0})
    assert offsets(lake, table) == [0, 1, 2, 3, 4]


def test_of_two_writers_from_one_state_the_second_fails_and_leaves_no_row(
    lake: Any, table: Any
) -> None:
    table.commit(lake.rows(0, 3), table.state(), {("id", 0): 3})
    seen = table.state()
    table.commit(lake.rows(3, 6), seen, {("id", 0): 6})
    with pytest.raises(Conflict, match="first"):
        table.commit(lake.rows(3, 8), seen, {("id", 0): 8})
    assert offsets(lake, table) == [0, 1, 2, 3, 4, 5]


def test_two_writers_on_an_empty_table(lake: Any, table: Any) -> None:
    seen = table.state()
    table.commit(lake.rows(0, 3), seen, {("id", 0): 3})
    with pytest.raises(Conflict):
        table.commit(lake.rows(0, 3), seen, {("id", 0): 3})
    assert offsets(lake, table) == [0, 1, 2]


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_files_that_hold_several_partitions_and_commits_do_not_stop_the_next_one(
    iceberg: Iceberg,
) -> None:
    table = iceberg.table()
    both = table.union(iceberg.rows(0, 3), iceberg.rows(0, 2, partition=1))
    both = replace(both, frame=both.frame.coalesce(1))
    table.commit(both, table.state(), {("id", 0): 3, ("id", 1): 2})
    iceberg.compact(table)
    both = table.union(iceberg.rows(3, 4), iceberg.rows(2, 9, partition=1))
    both = replace(both, frame=both.frame.coalesce(1))
    table.commit(both, table.state(), {("id", 0): 4, ("id", 1): 9})
    assert table.read().count() == 13


def test_compaction_that_drops_the_properties_is_looked_through(lake: Any, table: Any) -> None:
    for number in range(3):
        start = number * 2
        table.commit(lake.rows(start, start + 2), table.state(), {("id", 0): start + 2})
    before = table.state()
    lake.compact(table)
    after = table.state()
    assert after.snapshot_id != before.snapshot_id
    assert (after.commit_number, dict(after.until)) == (3, {("id", 0): 6})
    table.commit(lake.rows(6, 7), after, {("id", 0): 7})
    assert offsets(lake, table) == list(range(7))


def test_compaction_between_reading_and_committing_is_no_conflict(lake: Any, table: Any) -> None:
    for number in range(2):
        table.commit(lake.rows(number, number + 1), table.state(), {("id", 0): number + 1})
    seen = table.state()
    lake.compact(table)
    table.commit(lake.rows(2, 4), seen, {("id", 0): 4})
    assert offsets(lake, table) == [0, 1, 2, 3]
    assert dict(table.state().until) == {("id", 0): 4}


def test_the_second_of_two_writers_fails_though_the_files_of_the_first_were_rewritten(
    lake: Any, table: Any
) -> None:
    table.commit(lake.rows(0, 3), table.state(), {("id", 0): 3})
    seen = table.state()
    table.commit(lake.rows(3, 6), seen, {("id", 0): 6})
    lake.compact(table)
    with pytest.raises(Conflict, match="first"):
        table.commit(lake.rows(3, 8), seen, {("id", 0): 8})
    assert offsets(lake, table) == [0, 1, 2, 3, 4, 5]


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_when_every_snapshot_with_properties_is_expired_the_rows_have_the_last_word(
    iceberg: Iceberg,
) -> None:
    table = iceberg.table()
    for number in range(2):
        table.commit(iceberg.rows(number, number + 1), table.state(), {("id", 0): number + 1})
    iceberg.compact(table)
    iceberg.loaded(table).expireSnapshots().expireOlderThan(2**62).retainLast(1).commit()
    state = table.state()
    assert (state.commit_number, dict(state.until)) == (2, {("id", 0): 2})


def test_rows_of_ranges_are_found_again(lake: Any, table: Any) -> None:
    table.commit(lake.rows(0, 4), table.state(), {("id", 0): 4})
    table.commit(
        table.union(lake.rows(4, 6), lake.rows(0, 3, partition=1)),
        table.state(),
        {("id", 0): 6, ("id", 1): 3},
    )
    ranges = [OffsetRange("t", "id", 0, 2, 5), OffsetRange("t", "id", 1, 1, 2)]
    assert lake.offsets(table.held(ranges)) == [1, 2, 3, 4]
    assert lake.offsets(table.within(lake.rows(3, 9), ranges)) == [3, 4]

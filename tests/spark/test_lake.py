"""Numbered commits to lake tables, in Iceberg and in the simulator's memory: covered offsets,
twins, maintenance in between."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from contracts.tables.columns import Column, Table
from contracts.tables.lake import BRONZE_DUPLICATES, CATALOG, COMMIT_NUMBER
from emr_jobs.kernel.errors import Conflict
from emr_jobs.kernel.lake import NumberedTable
from emr_jobs.kernel.metrics import Metrics
from emr_jobs.kernel.ranges import OffsetRange
from emr_jobs.stores.lake import LakeTable, Rows
from emr_jobs.transforms.spans import Span
from tests.simulation.records import Event, Record
from tests.simulation.stores.calls import Calls
from tests.simulation.stores.lake import MemoryTable, TableClient
from tests.spark.session import SPARK

NOW = datetime(2026, 1, 1, tzinfo=UTC)
METRICS = Metrics("ingest", lambda line: None, lambda: NOW)


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


class Iceberg:
    """Tables of a catalog."""

    def __init__(self, spark: SparkSession) -> None:
        self.spark = spark

    def table(self) -> LakeTable:
        return self.like(BRONZE_DUPLICATES, BRONZE_DUPLICATES.partitioned_by)

    def like(self, described: Table, partitioned_by: tuple[str, ...], name: str = "") -> LakeTable:
        name = name or f"bronze.t{uuid.uuid4().hex}"
        own = Table(name, described.grain, described.columns, partitioned_by=partitioned_by)
        table = LakeTable(self.spark, own, METRICS)
        table.create()
        return table

    def rows(self, first: int, end: int, partition: int = 0) -> Rows:
        def row(offset: int) -> tuple[Any, ...]:
            return ("t", "id", "c", partition, offset, NOW, f"e{offset}", "id", partition, offset)

        types = (
            "topic string, topic_id string, cluster_id string, partition int, offset bigint, "
            "append_time timestamp, event_id string, twin_topic_id string, twin_partition int, "
            "twin_offset bigint"
        )
        given = [row(offset) for offset in range(first, end)]
        return Rows(self.spark.createDataFrame(given, types), few_partitions=True)

    def offsets(self, rows: Rows) -> list[int]:
        return sorted(row["offset"] for row in rows.frame.select("offset").collect())

    def loaded(self, table: LakeTable) -> Any:
        jvm: Any = self.spark._jvm
        return jvm.org.apache.iceberg.spark.Spark3Util.loadIcebergTable(
            self.spark._jsparkSession, table.name
        )

    def compact(self, table: LakeTable) -> None:
        jvm: Any = self.spark._jvm
        actions = jvm.org.apache.iceberg.spark.actions.SparkActions.get(self.spark._jsparkSession)
        actions.rewriteDataFiles(self.loaded(table)).option("rewrite-all", "true").execute()


@pytest.fixture(scope="module")
def iceberg(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iceberg:
    prefix = f"spark.sql.catalog.{CATALOG}"
    warehouse = tmp_path_factory.mktemp("lake").as_uri()
    for name, value in {
        f"{prefix}.warehouse": warehouse,
        f"{prefix}.cache-enabled": "false",
        f"{prefix}.type": "hadoop",
        prefix: "org.apache.iceberg.spark.SparkCatalog",
    }.items():
        spark.conf.set(name, value)
    return Iceberg(spark)


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


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.parametrize("few_partitions", [True, False])
def test_rows_of_several_partitions_in_any_order(iceberg: Iceberg, few_partitions: bool) -> None:
    table = iceberg.table()
    days = [NOW + timedelta(days=offset % 3) for offset in range(9)]
    rows = iceberg.rows(0, 9).frame.drop("append_time")
    appended = iceberg.spark.createDataFrame(
        list(enumerate(days)), "offset bigint, append_time timestamp"
    )
    mixed = rows.join(appended, "offset").repartition(1, "event_id")
    table.commit(Rows(mixed, few_partitions), table.state(), {("id", 0): 9})
    assert iceberg.offsets(table.held([OffsetRange("t", "id", 0, 0, 9)])) == list(range(9))
    assert iceberg.loaded(table).currentSnapshot().summary()["added-data-files"] == "3"


REGIONS = Table(
    "bronze.regions",
    "one row per event",
    (Column("region", "text"), Column("event_time", "timestamp"), COMMIT_NUMBER),
)
BY_DAY, BY_HOUR = ("region", "days(event_time)"), ("region", "hours(event_time)")


def at(iceberg: Iceberg, *rows: tuple[str, int]) -> Rows:
    given = [(region, NOW + timedelta(hours=hour)) for region, hour in rows]
    frame = iceberg.spark.createDataFrame(given, "region string, event_time timestamp")
    return Rows(frame.coalesce(1), few_partitions=True)


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.parametrize(
    ("spans", "may_hold"),
    [
        pytest.param([], False, id="no span"),
        pytest.param([("EU", 3, 3)], True, id="from the first row of a file"),
        pytest.param([("EU", 7, 9)], True, id="to its last"),
        pytest.param([("EU", 5, 5)], True, id="between two of its rows"),
        pytest.param([("EU", 0, 2)], False, id="before"),
        pytest.param([("EU", 8, 9)], False, id="after"),
        pytest.param([("US", 3, 7)], False, id="another region"),
        pytest.param([("US", 3, 7), ("EU", 3, 3)], True, id="one of two"),
    ],
)
def test_which_spans_a_table_may_hold_rows_of(
    iceberg: Iceberg, spans: list[tuple[str, int, int]], may_hold: bool
) -> None:
    table = iceberg.like(REGIONS, BY_DAY)
    assert not table.has_files([Span("EU", NOW, NOW)]), "an empty table"
    table.commit(at(iceberg, ("EU", 3), ("EU", 7)), table.state(), {})
    wanted = [
        Span(region, NOW + timedelta(hours=first), NOW + timedelta(hours=last))
        for region, first, last in spans
    ]
    assert table.has_files(wanted) == may_hold


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_a_table_of_an_earlier_version_is_emptied_and_partitioned_anew(iceberg: Iceberg) -> None:
    older = iceberg.like(REGIONS, BY_DAY)
    older.commit(at(iceberg, ("EU", 3)), older.state(), {})
    assert not older.is_partitioned_otherwise()
    table = iceberg.like(REGIONS, BY_HOUR, older.name.partition(".")[2])
    assert table.is_partitioned_otherwise()
    table.empty_and_repartition()
    assert not table.is_partitioned_otherwise()
    assert table.read().count() == 0
    both = at(iceberg, ("EU", 3), ("EU", 4)).frame.withColumn("commit_number", F.lit(1))
    table.replace(both, F.lit(True))
    assert iceberg.loaded(table).currentSnapshot().summary()["added-data-files"] == "2"

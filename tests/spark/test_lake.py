"""Numbered commits to real Iceberg tables: covered offsets, twins, maintenance in between."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from contracts.tables.columns import Table
from contracts.tables.lake import BRONZE_DUPLICATES, CATALOG
from emr_jobs.kernel.errors import Conflict
from emr_jobs.kernel.metrics import Metrics
from emr_jobs.stores.lake import LakeTable
from tests.spark.session import SPARK

pytestmark = SPARK

NOW = datetime(2026, 1, 1, tzinfo=UTC)
METRICS = Metrics("ingest", lambda line: None, lambda: NOW)
COLUMNS = [column for column in BRONZE_DUPLICATES.names if column != "commit_number"]


@pytest.fixture(scope="module")
def catalog(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> SparkSession:
    prefix = f"spark.sql.catalog.{CATALOG}"
    warehouse = tmp_path_factory.mktemp("lake").as_uri()
    for name, value in {
        f"{prefix}.warehouse": warehouse,
        f"{prefix}.cache-enabled": "false",
        f"{prefix}.type": "hadoop",
        prefix: "org.apache.iceberg.spark.SparkCatalog",
    }.items():
        spark.conf.set(name, value)
    return spark


@pytest.fixture
def table(catalog: SparkSession) -> LakeTable:
    name = f"bronze.t{uuid.uuid4().hex}"
    described = Table(
        name,
        BRONZE_DUPLICATES.grain,
        BRONZE_DUPLICATES.columns,
        partitioned_by=BRONZE_DUPLICATES.partitioned_by,
    )
    lake = LakeTable(catalog, described, METRICS)
    lake.create()
    return lake


def rows(spark: SparkSession, first: int, end: int, partition: int = 0) -> DataFrame:
    def row(offset: int) -> tuple[Any, ...]:
        return ("t", "id", "c", partition, offset, NOW, f"e{offset}", "id", partition, offset)

    types = (
        "topic string, topic_id string, cluster_id string, partition int, offset bigint, "
        "append_time timestamp, event_id string, twin_topic_id string, twin_partition int, "
        "twin_offset bigint"
    )
    return spark.createDataFrame([row(offset) for offset in range(first, end)], types)


def offsets(table: LakeTable) -> list[int]:
    return sorted(row["offset"] for row in table.read().select("offset").collect())


def test_a_new_table_covers_nothing(table: LakeTable) -> None:
    state = table.state()
    assert (state.snapshot_id, state.commit_number, dict(state.until)) == (None, 0, {})


def test_commits_are_numbered_and_carry_what_they_cover(
    catalog: SparkSession, table: LakeTable
) -> None:
    table.commit(rows(catalog, 0, 3), table.state(), {("id", 0): 3})
    table.commit(rows(catalog, 3, 5), table.state(), {("id", 0): 5, ("id", 1): 0})
    state = table.state()
    assert (state.commit_number, dict(state.until)) == (2, {("id", 0): 5, ("id", 1): 0})
    assert offsets(table) == [0, 1, 2, 3, 4]


def test_of_two_writers_from_one_state_the_second_fails_and_leaves_no_row(
    catalog: SparkSession, table: LakeTable
) -> None:
    table.commit(rows(catalog, 0, 3), table.state(), {("id", 0): 3})
    seen = table.state()
    table.commit(rows(catalog, 3, 6), seen, {("id", 0): 6})
    with pytest.raises(Conflict, match="first"):
        table.commit(rows(catalog, 3, 8), seen, {("id", 0): 8})
    assert offsets(table) == [0, 1, 2, 3, 4, 5]


def test_two_writers_on_an_empty_table(catalog: SparkSession, table: LakeTable) -> None:
    seen = table.state()
    table.commit(rows(catalog, 0, 3), seen, {("id", 0): 3})
    with pytest.raises(Conflict):
        table.commit(rows(catalog, 0, 3), seen, {("id", 0): 3})
    assert offsets(table) == [0, 1, 2]


def test_files_that_hold_several_partitions_and_commits_do_not_stop_the_next_one(
    catalog: SparkSession, table: LakeTable
) -> None:
    both = rows(catalog, 0, 3).unionByName(rows(catalog, 0, 2, partition=1)).coalesce(1)
    table.commit(both, table.state(), {("id", 0): 3, ("id", 1): 2})
    _compact(catalog, table)
    both = rows(catalog, 3, 4).unionByName(rows(catalog, 2, 9, partition=1)).coalesce(1)
    table.commit(both, table.state(), {("id", 0): 4, ("id", 1): 9})
    assert table.read().count() == 13


def test_compaction_that_drops_the_properties_is_looked_through(
    catalog: SparkSession, table: LakeTable
) -> None:
    for number in range(3):
        start = number * 2
        table.commit(rows(catalog, start, start + 2), table.state(), {("id", 0): start + 2})
    before = table.state()
    _compact(catalog, table)
    after = table.state()
    assert after.snapshot_id != before.snapshot_id
    assert (after.commit_number, dict(after.until)) == (3, {("id", 0): 6})
    table.commit(rows(catalog, 6, 7), after, {("id", 0): 7})
    assert offsets(table) == list(range(7))


def test_compaction_between_reading_and_committing_is_no_conflict(
    catalog: SparkSession, table: LakeTable
) -> None:
    for number in range(2):
        table.commit(rows(catalog, number, number + 1), table.state(), {("id", 0): number + 1})
    seen = table.state()
    _compact(catalog, table)
    table.commit(rows(catalog, 2, 4), seen, {("id", 0): 4})
    assert offsets(table) == [0, 1, 2, 3]
    assert dict(table.state().until) == {("id", 0): 4}


def test_the_second_of_two_writers_fails_though_the_files_of_the_first_were_rewritten(
    catalog: SparkSession, table: LakeTable
) -> None:
    table.commit(rows(catalog, 0, 3), table.state(), {("id", 0): 3})
    seen = table.state()
    table.commit(rows(catalog, 3, 6), seen, {("id", 0): 6})
    _compact(catalog, table)
    with pytest.raises(Conflict, match="first"):
        table.commit(rows(catalog, 3, 8), seen, {("id", 0): 8})
    assert offsets(table) == [0, 1, 2, 3, 4, 5]


def test_when_every_snapshot_with_properties_is_expired_the_rows_have_the_last_word(
    catalog: SparkSession, table: LakeTable
) -> None:
    for number in range(2):
        table.commit(rows(catalog, number, number + 1), table.state(), {("id", 0): number + 1})
    _compact(catalog, table)
    jvm: Any = catalog._jvm
    loaded = jvm.org.apache.iceberg.spark.Spark3Util.loadIcebergTable(
        catalog._jsparkSession, table.name
    )
    loaded.expireSnapshots().expireOlderThan(2**62).retainLast(1).commit()
    state = table.state()
    assert (state.commit_number, dict(state.until)) == (2, {("id", 0): 2})


def _compact(catalog: SparkSession, table: LakeTable) -> None:
    jvm: Any = catalog._jvm
    loaded = jvm.org.apache.iceberg.spark.Spark3Util.loadIcebergTable(
        catalog._jsparkSession, table.name
    )
    actions = jvm.org.apache.iceberg.spark.actions.SparkActions.get(catalog._jsparkSession)
    actions.rewriteDataFiles(loaded).option("rewrite-all", "true").execute()

"""Tables of an Iceberg catalog for tests."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from pyspark.sql import SparkSession

from contracts.tables.columns import Table
from contracts.tables.lake import BRONZE_DUPLICATES, CATALOG
from emr_jobs.kernel.metrics import Metrics
from emr_jobs.stores.lake import LakeTable, Rows

NOW = datetime(2026, 1, 1, tzinfo=UTC)
METRICS = Metrics("ingest", lambda line: None, lambda: NOW)


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

"""The one way to commit to a lake table: a numbered commit that knows which offsets it covers.

A commit overwrites exactly the rows of its own number, under serializable isolation validated from
the snapshot it was computed from: of two writers with one number the second fails, and nothing else
can be touched. Covered offsets travel as snapshot properties and are found by walking the ancestry,
because maintenance may commit without them.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, DataFrameWriterV2, SparkSession
from pyspark.sql import functions as F

from contracts.tables.columns import Table
from contracts.tables.lake import CATALOG
from contracts.times import micros_of
from emr_jobs.kernel.errors import Conflict
from emr_jobs.kernel.lake import TableState
from emr_jobs.kernel.metrics import Metrics
from emr_jobs.kernel.ranges import OffsetRange
from emr_jobs.stores.offset_ranges import within
from emr_jobs.transforms.spans import Span, few, within_spans

logger = logging.getLogger(__name__)

# A task that writes to so many partitions at once holds a buffer for each column of each.
FEW_PARTITIONS = 32

UNTIL_PROPERTY = "shopstream.until"
NUMBER_PROPERTY = "shopstream.commit-number"


def encode_until(until: Mapping[tuple[str, int], int]) -> str:
    nested: dict[str, dict[str, int]] = {}
    for (topic_id, partition), offset in sorted(until.items()):
        nested.setdefault(topic_id, {})[str(partition)] = offset
    return json.dumps(nested, separators=(",", ":"))


def decode_until(text: str) -> dict[tuple[str, int], int]:
    return {
        (topic_id, int(partition)): int(offset)
        for topic_id, partitions in json.loads(text).items()
        for partition, offset in partitions.items()
    }


@dataclass(frozen=True)
class Rows:
    """Rows for a table. Those that lie in few of its partitions, at most `FEW_PARTITIONS`, are
    written to all of these at once; others are sorted by partition first."""

    frame: DataFrame
    few_partitions: bool


class LakeTable:
    """An Iceberg table of the catalog, made when it is missing."""

    def __init__(self, spark: SparkSession, table: Table, metrics: Metrics) -> None:
        self.spark = spark
        self._table = table
        self._metrics = metrics
        self.name = f"{CATALOG}.{table.name}"
        # Found once: on the way to a class Java looks for one of each package's name in every jar.
        iceberg: Any = cast("Any", spark._jvm).org.apache.iceberg
        self._loader = iceberg.spark.Spark3Util
        self._expressions = iceberg.expressions.Expressions

    def create(self) -> None:
        schema, _, _ = self._table.name.partition(".")
        self.spark.sql(f"CREATE NAMESPACE IF NOT EXISTS {CATALOG}.{schema}")
        self.spark.sql(self._table.lake_ddl(CATALOG))

    def exists(self) -> bool:
        return self.spark.catalog.tableExists(self.name)

    def read(self) -> DataFrame:
        return self.spark.table(self.name)

    def state(self) -> TableState:
        """The table's state now; the rows themselves have the last word when no ancestor says."""
        table = self.loaded()
        current = table.currentSnapshot()
        if current is None:
            return TableState(None, 0, {})
        snapshot = current
        while snapshot is not None:
            properties = snapshot.summary()
            if properties.containsKey(UNTIL_PROPERTY):
                return TableState(
                    int(current.snapshotId()),
                    int(properties.get(NUMBER_PROPERTY)),
                    decode_until(str(properties.get(UNTIL_PROPERTY))),
                )
            parent = snapshot.parentId()
            snapshot = None if parent is None else table.snapshot(parent)
        return self._state_of_rows(int(current.snapshotId()))

    def within_spans(self, spans: Iterable[Span]) -> DataFrame | None:
        """The table's rows of these regions and times; None where no file may hold one."""
        looked_at = few(spans)
        return self.read().where(within_spans(looked_at)) if self._has_files(looked_at) else None

    def _has_files(self, spans: Iterable[Span]) -> bool:
        expressions = self._expressions
        found = expressions.alwaysFalse()
        for each in spans:
            within_span = expressions.equal("region", each.region)
            for bound, time in (
                (expressions.greaterThanOrEqual, each.first),
                (expressions.lessThanOrEqual, each.last),
            ):
                within_span = getattr(expressions, "and")(
                    within_span, bound("event_time", micros_of(time))
                )
            found = getattr(expressions, "or")(found, within_span)
        files = self.loaded().newScan().filter(found).planFiles()
        try:
            return bool(files.iterator().hasNext())
        finally:
            files.close()

    def within(self, rows: Rows, ranges: Iterable[OffsetRange]) -> Rows:
        """The rows that lie in one of the ranges."""
        return replace(rows, frame=rows.frame.where(within(ranges)))

    def held(self, ranges: Iterable[OffsetRange]) -> Rows:
        """The table's rows that lie in one of the ranges."""
        return Rows(self.read().where(within(ranges)), few_partitions=False)

    def union(self, rows: Rows, others: Rows) -> Rows:
        """All rows of both."""
        few = rows.few_partitions and others.few_partitions
        return Rows(rows.frame.unionByName(others.frame), few)

    def commit(self, rows: Rows, state: TableState, until: Mapping[tuple[str, int], int]) -> None:
        """Add rows as the commit after `state`; Conflict when another commit came between."""
        number = state.commit_number + 1
        numbered = rows.frame.withColumn("commit_number", F.lit(number).cast("bigint"))
        writer = (
            self._writer(replace(rows, frame=numbered))
            .option("isolation-level", "serializable")
            .option(f"snapshot-property.{UNTIL_PROPERTY}", encode_until(until))
            .option(f"snapshot-property.{NUMBER_PROPERTY}", str(number))
        )
        if state.snapshot_id is not None:
            writer = writer.option("validate-from-snapshot-id", str(state.snapshot_id))
        self._guarded(lambda: writer.overwrite(F.col("commit_number") == number))
        logger.info("%s: commit %s", self.name, number)

    def replace(self, rows: Rows, where: Column) -> None:
        """Replace whole files: every row that fulfils `where` gives way to `rows`; Conflict when a
        file holds other rows, too."""
        writer = self._writer(rows)
        self._guarded(lambda: writer.overwrite(where))

    def file_spans(self, column: str, days: Iterable[datetime]) -> list[Span]:
        """The region and the times of each file of these days, given as midnights. The table's
        partitions are `region` and the days of `column`."""
        files = self.spark.table(f"{self.name}.files")
        bounds = F.col("readable_metrics")[column]
        found = files.where(
            F.col("partition")[f"{column}_day"].isin([each.date() for each in days])
        ).select(
            F.col("partition")["region"].alias("region"),
            bounds["lower_bound"].alias("first"),
            bounds["upper_bound"].alias("last"),
        )
        return [Span(**row) for row in found.toArrow().to_pylist()]

    def _writer(self, rows: Rows) -> DataFrameWriterV2:
        writer = rows.frame.select(*self._table.names).writeTo(self.name)
        if rows.few_partitions:
            writer = writer.option("distribution-mode", "none").option("fanout-enabled", "true")
        return writer

    def loaded(self) -> Any:
        """Iceberg's own view of the table as it is now."""
        session: Any = self.spark._jsparkSession
        return self._loader.loadIcebergTable(session, self.name)

    def _guarded(self, write: Any) -> None:
        try:
            with self._metrics.timed("lake_commit_seconds"):
                write()
        except (Py4JJavaError, PySparkException) as error:
            if "ValidationException" in str(error) or "CommitFailedException" in str(error):
                raise Conflict(f"another writer committed to {self.name} first: {error}") from error
            raise

    def _state_of_rows(self, snapshot_id: int) -> TableState:
        rows = (
            self.read()
            .groupBy("topic_id", "partition")
            .agg(F.max("offset").alias("last"), F.max("commit_number").alias("number"))
            .collect()
        )
        return TableState(
            snapshot_id,
            max((row["number"] for row in rows), default=0),
            {(row["topic_id"], row["partition"]): row["last"] + 1 for row in rows},
        )

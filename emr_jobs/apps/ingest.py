"""ingest: every offset into bronze; each event once into silver; the rest named and counted.

bronze = silver + duplicate + quarantine, exactly. The tables are committed one after the other;
each knows the offsets it covers, so a batch that comes again completes what is missing.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import reduce

import pyarrow as pa
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.window import Window

from contracts.registry import Registry
from contracts.tables import Table
from contracts.tables.lake import (
    BRONZE_DUPLICATES,
    BRONZE_EVENTS,
    BRONZE_QUARANTINE,
    SILVER,
)
from contracts.topics import SOURCES, Topic, topic
from emr_jobs.apps.decoding import Decoder
from emr_jobs.apps.tally import Tally, count_outcomes, report, store_quality
from emr_jobs.kernel.batches import Batch, within
from emr_jobs.kernel.crash_points import CrashPoints
from emr_jobs.kernel.metrics import Metrics
from emr_jobs.kernel.ranges import OffsetRange, advanced, furthest, unapplied
from emr_jobs.spark.turns import Turns
from emr_jobs.stores.lake import LakeTable
from emr_jobs.stores.progress import ProgressStore
from emr_jobs.transforms.decode import unknown_ids
from emr_jobs.transforms.events import events, quarantine, silver
from emr_jobs.transforms.partitions import day_ranges

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Sorted:
    """One topic's records of a batch, each in exactly one of the three."""

    topic: Topic
    silver: DataFrame
    duplicates: DataFrame
    quarantine: DataFrame
    tally: Tally


class Ingest:
    """One batch becomes one commit in each lake table that gets rows, and then the progress."""

    def __init__(
        self,
        spark: SparkSession,
        *,
        progress: ProgressStore,
        registry: Registry,
        crash: CrashPoints,
        metrics: Metrics,
        turns: Turns,
        package_version: str,
    ) -> None:
        self._turns = turns
        self._progress = progress
        self._crash = crash
        self._metrics = metrics
        self._package_version = package_version
        self._decoders = {each.name: Decoder(registry, each) for each in SOURCES}
        self._events = {each.name: events(each) for each in SOURCES}
        tables = (BRONZE_EVENTS, BRONZE_DUPLICATES, BRONZE_QUARANTINE, *SILVER.values())
        self._tables = {table.name: LakeTable(spark, table, metrics) for table in tables}
        for table in self._tables.values():
            table.create()

    def apply(self, batch: Batch) -> None:
        applied = self._progress.applied()
        with ExitStack() as stack:
            records = batch.records.persist()
            stack.callback(records.unpersist)
            self._write(BRONZE_EVENTS, records, batch.ranges, applied)
            self._crash.visit("bronze-committed")
            outcomes = []
            for name in sorted({each.topic for each in batch.ranges}):
                ranges = [each for each in batch.ranges if each.topic == name]
                with self._turns.one():
                    outcome = self._sort(topic(name), records, ranges, stack)
                outcomes.append(outcome)
                if outcome.tally.records("silver"):
                    self._write(SILVER[name], outcome.silver, ranges, applied)
            self._write_rest(outcomes, batch.ranges, applied)
            self._crash.visit("lake-committed")
            with self._progress.commit(batch.id, batch.ranges, batch.started_at) as commit:
                for each in outcomes:
                    store_quality(commit, each.topic, each.tally)
            for each in outcomes:
                report(self._metrics, each.topic, each.tally)

    def rehearse(self, batch: Batch) -> None:
        """Nobody waits for the lake."""

    def repeat(self) -> None:
        """The lake has no projections."""

    def _write_rest(
        self,
        outcomes: Iterable[_Sorted],
        ranges: Iterable[OffsetRange],
        applied: Mapping[tuple[str, int], int],
    ) -> None:
        duplicates = [each.duplicates for each in outcomes if each.tally.records("duplicate")]
        if duplicates:
            self._write(
                BRONZE_DUPLICATES, reduce(DataFrame.unionByName, duplicates), ranges, applied
            )
        rejected = [each.quarantine for each in outcomes if each.tally.records("quarantine")]
        if rejected:
            rows = reduce(DataFrame.unionByName, rejected).withColumn(
                "package_version", F.lit(self._package_version)
            )
            self._write(BRONZE_QUARANTINE, rows, ranges, applied)

    def _write(
        self,
        table: Table,
        rows: DataFrame,
        ranges: Iterable[OffsetRange],
        applied: Mapping[tuple[str, int], int],
    ) -> None:
        """Commit the rows whose offsets the table does not cover yet."""
        lake = self._tables[table.name]
        state = lake.state()
        until = furthest(state.until, applied)
        fresh = unapplied(ranges, until)
        if not fresh:
            logger.info("%s already covers the batch", table.name)
            return
        if any(each not in fresh for each in ranges):
            rows = rows.where(within(fresh))
        with self._turns.one():
            lake.commit(rows, state, advanced(until, fresh))

    def _sort(
        self, of: Topic, records: DataFrame, ranges: Iterable[OffsetRange], stack: ExitStack
    ) -> _Sorted:
        mine = records.where(F.col("topic") == of.name)

        def read(classified: DataFrame) -> tuple[_Sorted, set[str]]:
            kept = classified.persist()
            stack.callback(kept.unpersist)
            named = self._with_twins(of, self._events[of.name](kept)).persist()
            stack.callback(named.unpersist)
            first = (F.col("twin.partition") == F.col("partition")) & (
                F.col("twin.offset") == F.col("offset")
            )
            first = first & (F.col("twin.topic_id") == F.col("topic_id"))
            outcome = F.when(first, "silver").otherwise("duplicate").alias("outcome")
            bad = kept.where("reason is not null")
            tally = count_outcomes(
                named.withColumn("reason", F.lit("")).withColumn("outcome", outcome),
                bad.withColumn("outcome", F.lit("quarantine")),
            )
            expected = sum(each.end - each.start for each in ranges)
            if tally.records() != expected:
                raise RuntimeError(f"{of.name}: {expected} offsets gave {tally}")
            unknown = self._unknown(bad) if tally.records("quarantine") else set()
            return (
                _Sorted(
                    of,
                    silver(named.where(first).drop("twin"), of),
                    _duplicates(named.where(~first)),
                    quarantine(kept),
                    tally,
                ),
                unknown,
            )

        return self._decoders[of.name].decoded(mine, read)

    def _unknown(self, bad: DataFrame) -> set[str]:
        return set(bad.agg(unknown_ids().alias("ids")).collect()[0]["ids"])

    def _with_twins(self, of: Topic, good: DataFrame) -> DataFrame:
        """Each event with `twin`, the origin of its copy in silver: its own when it is the one."""
        in_batch = F.min(_origin()).over(Window.partitionBy("event_id"))
        known = self._known(of, good)
        if not known.num_rows:
            return good.withColumn("twin", in_batch)
        stored = good.sparkSession.createDataFrame(known)
        return (
            good.withColumn("in_batch", in_batch)
            .join(stored, "event_id", "left")
            .withColumn("twin", F.coalesce("known", "in_batch"))
            .drop("known", "in_batch")
        )

    def _known(self, of: Topic, good: DataFrame) -> pa.Table:
        """The events that silver holds already, each with its origin there as `known`.

        Copies share region and event time, so only the partitions that the batch touches are looked
        up; exact for all time, and no row leaves the stream before it is counted.

        As values, and not as a plan: whatever is cached from a table is planned anew at each commit
        to the table, which took the greater part of a batch.
        """
        days = good.select("region", F.to_date("event_time").alias("day")).distinct().collect()
        touched = day_ranges((row["region"], row["day"]) for row in days)
        stored = self._tables[SILVER[of.name].name].read().where(touched)
        return (
            stored.join(good, "event_id", "left_semi")
            .select("event_id", _origin().alias("known"))
            .toArrow()
        )


def _origin() -> Column:
    return F.struct("topic_id", "partition", "offset")


def _duplicates(named: DataFrame) -> DataFrame:
    return named.select(
        "topic",
        "topic_id",
        "cluster_id",
        "partition",
        "offset",
        "append_time",
        "event_id",
        F.col("twin.topic_id").alias("twin_topic_id"),
        F.col("twin.partition").alias("twin_partition"),
        F.col("twin.offset").alias("twin_offset"),
    )

"""ingest: every offset into bronze; each event once into silver; the rest named and counted.

bronze = silver + duplicate + quarantine, exactly. `emr_jobs.kernel.lake` says which table is
committed when.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

import pyarrow as pa
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.window import Window

from contracts.applications import INGEST
from contracts.registry import Registry
from contracts.tables.columns import Table
from contracts.tables.lake import (
    BRONZE_DUPLICATES,
    BRONZE_EVENTS,
    BRONZE_QUARANTINE,
    POSITION,
    SILVER,
)
from contracts.topics import SOURCES, Topic
from contracts.topics import topic as topic_of
from emr_jobs.apps.asked_questions import AnswerWriter, AskedQuestion, ask
from emr_jobs.apps.decoding import Decoder
from emr_jobs.apps.kept_events import POSITION_IN_KAFKA
from emr_jobs.apps.tally import OUTCOMES, Tally, count_outcomes, outcomes_of, report
from emr_jobs.kernel.batches import Batch
from emr_jobs.kernel.crash_points import Visit
from emr_jobs.kernel.lake import LakeIngest, LakeTables
from emr_jobs.kernel.metrics import Metrics
from emr_jobs.kernel.question import Settings
from emr_jobs.kernel.ranges import OffsetRange
from emr_jobs.spark.turns import Turns
from emr_jobs.stores.lake import LakeTable
from emr_jobs.stores.progress import Commit, ProgressStore
from emr_jobs.transforms.decode import unknown_ids
from emr_jobs.transforms.events import events, quarantine, silver
from emr_jobs.transforms.partitions import day_ranges

_REJECTED = (*POSITION_IN_KAFKA, "reason", "detail")


@dataclass(frozen=True)
class _Sorted:
    """One topic's records of a batch, each in exactly one of the three."""

    topic: Topic
    tally: Tally
    silver: DataFrame | None
    duplicates: DataFrame | None
    quarantine: DataFrame | None

    asked: tuple[AskedQuestion, ...]
    writer: AnswerWriter

    def count(self, commit: Commit) -> None:
        for outcome in OUTCOMES:
            commit.counts[outcome] = commit.counts.get(outcome, 0) + self.tally.records(outcome)
        outcomes = outcomes_of(self.topic, self.tally)
        for each in self.asked:
            self.writer.merge(commit, each.question, each.partials(outcomes))


class Ingest:
    """Sorts each batch's records for the lake."""

    def __init__(
        self,
        spark: SparkSession,
        *,
        progress: ProgressStore,
        registry: Registry,
        visit: Visit,
        metrics: Metrics,
        turns: Turns,
        package_version: str,
    ) -> None:
        self._metrics = metrics
        self._package_version = package_version
        self._asked = ask(INGEST, Settings())
        self._writer = AnswerWriter(INGEST, Settings(), registry)
        self._decoders = {each.name: Decoder(registry, each) for each in SOURCES}
        self._events = {each.name: events(each) for each in SOURCES}

        def made(table: Table) -> LakeTable:
            lake = LakeTable(spark, table, metrics)
            lake.create()
            return lake

        self._silver = {topic: made(table) for topic, table in SILVER.items()}
        tables = LakeTables(
            made(BRONZE_EVENTS), self._silver, made(BRONZE_DUPLICATES), made(BRONZE_QUARANTINE)
        )
        self._lake = LakeIngest(tables, progress, visit, turns.one)

    def apply(self, batch: Batch[DataFrame]) -> None:
        outcomes: list[_Sorted] = []
        with ExitStack() as stack:
            records = batch.records.persist()
            stack.callback(records.unpersist)

            def sort(
                name: str, ranges: Sequence[OffsetRange], rejected: DataFrame | None
            ) -> _Sorted:
                outcomes.append(self._sort(topic_of(name), records, ranges, rejected, stack))
                return outcomes[-1]

            self._lake.apply(replace(batch, records=records), sort)
        for each in outcomes:
            report(self._metrics, each.topic, each.tally)

    def rehearse(self, batch: Batch[DataFrame]) -> None:
        """Nobody waits for the lake."""

    def repeat(self) -> None:
        """The lake has no projections."""

    def _sort(
        self,
        topic: Topic,
        records: DataFrame,
        ranges: Iterable[OffsetRange],
        rejected: DataFrame | None,
        stack: ExitStack,
    ) -> _Sorted:
        mine = records.where(F.col("topic") == topic.name)
        stored = None if rejected is None else rejected.select(*_REJECTED).toArrow()

        def read(classified: DataFrame) -> tuple[_Sorted, set[str]]:
            kept = _still_rejected(classified, stored).persist()
            stack.callback(kept.unpersist)
            named = self._with_twins(topic, self._events[topic.name](kept)).persist()
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
                raise RuntimeError(f"{topic.name}: {expected} offsets gave {tally}")
            new = silver(named.where(first).drop("twin"), topic)
            rejected = tally.records("quarantine")
            return (
                _Sorted(
                    topic,
                    tally,
                    new if tally.records("silver") else None,
                    _duplicates(named.where(~first)) if tally.records("duplicate") else None,
                    self._quarantined(kept) if rejected else None,
                    self._asked,
                    self._writer,
                ),
                set(bad.agg(unknown_ids()).collect()[0][0]) if rejected else set(),
            )

        return self._decoders[topic.name].decoded(mine, read)

    def _quarantined(self, kept: DataFrame) -> DataFrame:
        return quarantine(kept).withColumn("package_version", F.lit(self._package_version))

    def _with_twins(self, topic: Topic, good: DataFrame) -> DataFrame:
        """Each event with `twin`, the position of its copy in silver, which may be its own."""
        in_batch = F.min(_position()).over(Window.partitionBy("event_id"))
        known = self._known(topic, good)
        if not known.num_rows:
            return good.withColumn("twin", in_batch)
        stored = good.sparkSession.createDataFrame(known)
        return (
            good.withColumn("in_batch", in_batch)
            .join(stored, "event_id", "left")
            .withColumn("twin", F.coalesce("known", "in_batch"))
            .drop("known", "in_batch")
        )

    def _known(self, topic: Topic, good: DataFrame) -> pa.Table:
        """The events that silver holds already, each with its position there as `known`.

        Copies share region and event time, so only the partitions that the batch touches are
        looked up. That is exact for all time, and no row leaves the stream before it is counted.

        They are values and not a plan: Spark plans whatever is cached from a table anew at each
        commit to the table, which took the greater part of a batch.
        """
        days = good.select("region", F.to_date("event_time").alias("day")).distinct().collect()
        touched = day_ranges((row["region"], row["day"]) for row in days)
        stored = self._silver[topic.name].read().where(touched)
        return (
            stored.join(good, "event_id", "left_semi")
            .select("event_id", _position().alias("known"))
            .toArrow()
        )


def _position() -> Column:
    return F.struct(*POSITION_IN_KAFKA)


def _still_rejected(classified: DataFrame, stored: pa.Table | None) -> DataFrame:
    """The records, with the reasons of those that are in quarantine already. A driver that died
    committed them there, and its code may have known less."""
    if stored is None or not stored.num_rows:
        return classified
    renamed = stored.rename_columns([*POSITION_IN_KAFKA, "stored_reason", "stored_detail"])
    held = F.broadcast(classified.sparkSession.createDataFrame(renamed))
    return (
        classified.join(held, list(POSITION_IN_KAFKA), "left")
        .withColumn("reason", F.coalesce("stored_reason", "reason"))
        .withColumn("detail", F.coalesce("stored_detail", "detail"))
        .drop("stored_reason", "stored_detail")
    )


def _duplicates(named: DataFrame) -> DataFrame:
    twin = [F.col(f"twin.{name}").alias(f"twin_{name}") for name in POSITION_IN_KAFKA]
    return named.select(*(column.name for column in POSITION), "event_id", *twin)

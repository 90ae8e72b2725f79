"""ingest: every offset into bronze; each event once into silver; the rest named and counted.

bronze = silver + duplicate + quarantine, exactly. `emr_jobs.kernel.lake` says which table is
committed when.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from contracts.applications import INGEST
from contracts.registry import Registry
from contracts.tables.columns import Table
from contracts.tables.lake import (
    BRONZE_DUPLICATES,
    BRONZE_EVENTS,
    BRONZE_QUARANTINE,
    COMMIT_NUMBER,
    SILVER,
)
from contracts.topics import SOURCES
from emr_jobs.apps.asked_questions import AnswerWriter, ask
from emr_jobs.apps.copies import copies_in
from emr_jobs.apps.kept_events import POSITION_IN_KAFKA, without
from emr_jobs.apps.kept_records import KeptRecords, RecordKeeper
from emr_jobs.apps.tally import OUTCOMES, Tally, outcomes_of, report, tally
from emr_jobs.kernel.batches import Batch
from emr_jobs.kernel.crash_points import Visit
from emr_jobs.kernel.lake import LakeIngest, LakeTables
from emr_jobs.kernel.metrics import Metrics
from emr_jobs.kernel.question import Settings
from emr_jobs.kernel.ranges import OffsetRange
from emr_jobs.spark.held import held
from emr_jobs.spark.threads import SideBySide
from emr_jobs.spark.turns import Turns
from emr_jobs.stores.lake import FEW_PARTITIONS, LakeTable, Rows
from emr_jobs.stores.progress import Commit, ProgressStore
from emr_jobs.transforms.events import quarantine, silver

_REJECTED = (*POSITION_IN_KAFKA, "reason", "detail")
_DUPLICATES = [name for name in BRONZE_DUPLICATES.names if name != COMMIT_NUMBER.name]


@dataclass(frozen=True)
class _SortedTopic:
    """One topic's records of a batch, each in exactly one of the three."""

    silver: Rows | None
    duplicates: Rows | None
    quarantine: Rows | None


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
        self._keeper = RecordKeeper(registry, SOURCES)

        def made(table: Table) -> LakeTable:
            lake = LakeTable(spark, table, metrics)
            lake.create()
            return lake

        self._silver = {topic: made(table) for topic, table in SILVER.items()}
        tables = LakeTables(
            made(BRONZE_EVENTS), self._silver, made(BRONZE_DUPLICATES), made(BRONZE_QUARANTINE)
        )
        # A table of silver each, and the duplicates.
        together = SideBySide(spark, len(self._silver) + 1, "silver")
        self._lake = LakeIngest(tables, progress, visit, turns.one, together)

    def apply(self, batch: Batch[DataFrame]) -> None:
        tallies: dict[str, Tally] = {}
        with ExitStack() as stack:
            records = held(batch.records, stack)

            def sort(
                topics: Mapping[str, Sequence[OffsetRange]], rejected: Rows | None
            ) -> _SortedBatch:
                kept = self._kept(records, topics, rejected, stack)
                found = self._sorted(kept, topics)
                tallies.update(found.tallies)
                return found

            # A batch holds the appends of few days.
            rows = Rows(records, few_partitions=True)
            self._lake.apply(Batch(batch.id, rows, batch.ranges, batch.started_at), sort)
        for topic in SOURCES:
            if topic.name in tallies:
                report(self._metrics, topic, tallies[topic.name])

    def rehearse(self, batch: Batch[DataFrame]) -> None:
        """Nobody waits for the lake."""

    def repeat(self) -> None:
        """The lake has no projections."""

    def _kept(
        self,
        records: DataFrame,
        topics: Mapping[str, Sequence[OffsetRange]],
        rejected: Rows | None,
        stack: ExitStack,
    ) -> dict[str, KeptRecords]:
        """The batch decoded."""
        stored = None if rejected is None else rejected.frame.select(*_REJECTED).toArrow()
        return self._keeper.kept(records, list(topics), stored, stack)

    def _sorted(
        self, kept: Mapping[str, KeptRecords], ranges: Mapping[str, Sequence[OffsetRange]]
    ) -> _SortedBatch:
        copies = copies_in(kept, self._silver)
        tallies = {name: tally(each.groups, copies[name]) for name, each in kept.items()}
        topics = {
            name: self._split(each, copies[name], tallies[name]) for name, each in kept.items()
        }
        skipped = (each for name, own in kept.items() for each in own.skipped(ranges[name]))
        return _SortedBatch(self, topics, tallies, tuple(skipped))

    def _split(self, kept: KeptRecords, copies: pa.Table, tally: Tally) -> _SortedTopic:
        new = bad = duplicates = None
        if tally.records("silver"):
            few = len(kept.spans) <= FEW_PARTITIONS
            new = Rows(silver(without(kept.events, copies), kept.topic), few)
        if tally.records("quarantine"):
            version = F.lit(self._package_version).alias("package_version")
            bad = Rows(quarantine(kept.frame).select("*", version), few_partitions=True)
        if copies.num_rows:
            rows = kept.frame.sparkSession.createDataFrame(copies.select(_DUPLICATES))
            duplicates = Rows(rows, few_partitions=True)
        return _SortedTopic(new, duplicates, bad)

    def count(self, commit: Commit, tallies: Mapping[str, Tally]) -> None:
        """Add the outcomes of a batch to its transaction."""
        for outcome in OUTCOMES:
            commit.counts[outcome] = sum(each.records(outcome) for each in tallies.values())
        outcomes = outcomes_of(tallies)
        for each in self._asked:
            self._writer.merge(commit, each.question, each.partials(outcomes))


@dataclass(frozen=True)
class _SortedBatch:
    """A batch's records by topic, and the offsets that gave none."""

    ingest: Ingest
    topics: Mapping[str, _SortedTopic]
    tallies: Mapping[str, Tally]
    skipped: tuple[OffsetRange, ...]

    def count(self, commit: Commit) -> None:
        commit.skipped = self.skipped
        self.ingest.count(commit, self.tallies)

"""What happens to one micro-batch before and after an application sees it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import Protocol

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from emr_jobs.kernel.crash_points import CrashPoints
from emr_jobs.kernel.metrics import Metrics
from emr_jobs.kernel.offset_log import TextFiles, batch_ranges
from emr_jobs.kernel.ranges import OffsetRange, unapplied
from emr_jobs.spark.planner import read_tasks, shuffle_tasks
from emr_jobs.stores.kafka import KafkaClient, empty_record, record_columns
from emr_jobs.stores.progress import ProgressStore, replaced

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Batch:
    """The records of `ranges`, none of them applied yet (columns of `io.kafka.record_columns`)."""

    id: int
    records: DataFrame
    ranges: tuple[OffsetRange, ...]
    started_at: datetime


class BatchApplication(Protocol):
    """What a micro-batch is for."""

    def apply(self, batch: Batch) -> None:
        """Store the batch's answers with its progress, all or nothing."""

    def rehearse(self, batch: Batch) -> None:
        """Compute what `apply` would and store nothing, where the first batch must be quick: plans
        are compiled and Java has met its classes before the first record comes."""

    def repeat(self) -> None:
        """Push the projections again: what left the store after the last commit may be lost."""


@dataclass(frozen=True)
class Origin:
    """The cluster and the topics a stream was started on."""

    cluster_id: str
    topic_ids: Mapping[str, str]


class BatchRunner:
    """Hands each batch's unapplied records to the application. Spark calls it; `failure` keeps what
    it raised, because Spark passes only a text on."""

    def __init__(
        self,
        application: BatchApplication,
        *,
        files: TextFiles,
        progress: ProgressStore,
        kafka: KafkaClient,
        origin: Origin,
        crash: CrashPoints,
        metrics: Metrics,
        clock: Callable[[], datetime],
    ) -> None:
        self._application = application
        self._files = files
        self._progress = progress
        self._kafka = kafka
        self._origin = origin
        self._columns = record_columns(origin.topic_ids, origin.cluster_id)
        self._crash = crash
        self._metrics = metrics
        self._clock = clock
        self.failure: Exception | None = None

    def __call__(self, raw: DataFrame, batch_id: int) -> None:
        try:
            self._run(raw, batch_id)
        except Exception as error:
            self.failure = error
            raise

    def rehearse(self, spark: SparkSession) -> None:
        """Have the application rehearse with a record of each topic that is no event; beside its
        query, so that whatever comes meanwhile need not wait."""
        at = self._clock()
        session = spark.newSession()
        for topic, topic_id in self._origin.topic_ids.items():
            ranges = (OffsetRange(topic, topic_id, 0, 0, 1),)
            records = self._narrowed(empty_record(session, topic, at), ranges)
            self._application.rehearse(Batch(-1, records, ranges, at))

    def _run(self, raw: DataFrame, batch_id: int) -> None:
        started_at = self._clock()
        self.require_same_topics()
        ranges = batch_ranges(self._files, batch_id, self._origin.topic_ids)
        fresh = unapplied(ranges, self._progress.applied())
        if all(each.start == each.end for each in ranges):
            return
        self._crash.visit("batch-started")
        if not fresh:
            logger.info("batch %s is covered: %s", batch_id, _described(ranges))
            self._note_repeat(batch_id, "whole")
            self._application.repeat()
            return
        frame = self._narrowed(raw, ranges)
        starts = {each.key: each.start for each in ranges}
        if any(each.start > starts[each.key] for each in fresh):
            logger.info("batch %s is covered in part; new: %s", batch_id, _described(fresh))
            self._note_repeat(batch_id, "part")
            frame = frame.where(within(fresh))
        self._application.apply(Batch(batch_id, frame, fresh, started_at))

    def _narrowed(self, raw: DataFrame, ranges: Iterable[OffsetRange]) -> DataFrame:
        """The records as the lake names them, in few tasks. The session is the query's own; a
        cluster has more cores when more executors have come."""
        count = sum(each.end - each.start for each in ranges)
        session = raw.sparkSession
        tasks = shuffle_tasks(count, session.sparkContext.defaultParallelism)
        session.conf.set("spark.sql.shuffle.partitions", str(tasks))
        return raw.coalesce(read_tasks(count)).select(*self._columns)

    def _note_repeat(self, batch_id: int, covered: str) -> None:
        self._progress.note_repeat(batch_id, covered)
        self._metrics.emit({"repeated_batches": 1})

    def require_same_topics(self) -> None:
        """Raise TopicReplaced when a topic is not the one the stream was started on."""
        found = self._kafka.topic_ids(self._origin.topic_ids)
        for topic, topic_id in self._origin.topic_ids.items():
            if found[topic] != topic_id:
                raise replaced(topic, found[topic], [topic_id])


def within(ranges: Iterable[OffsetRange]) -> Column:
    """Condition: the record lies in one of the ranges."""
    return reduce(
        Column.__or__,
        [
            (F.col("topic_id") == each.topic_id)
            & (F.col("partition") == each.partition)
            & (F.col("offset") >= each.start)
            & (F.col("offset") < each.end)
            for each in ranges
        ],
        F.lit(False),
    )


def _described(ranges: Iterable[OffsetRange]) -> str:
    return ", ".join(f"{r.topic}/{r.partition} [{r.start}, {r.end})" for r in ranges)

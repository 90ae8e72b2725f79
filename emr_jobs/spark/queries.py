"""One streaming query: started, watched, restarted once where Spark trips over itself, stopped."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from emr_jobs.kernel.batches import BatchRunner
from emr_jobs.kernel.errors import Gap, JobError

logger = logging.getLogger(__name__)

# The first batch after a restart that replays an uncommitted batch ends in
# KafkaMicroBatchStream.metrics with a NullPointerException on Option.get(), after its commit is
# written (SPARK-55271, SPARK-57438). Starting the query again works.
_REPLAY_TRIP = "KafkaMicroBatchStream"
_REPLAY_SYMPTOM = "Option.get()"


@dataclass(frozen=True)
class QueryPlan:
    """What it takes to start an application's query, again if need be. `nothing_unread`: its topics
    were read to their ends when the plan was made."""

    name: str
    load: Callable[[], DataFrame]
    runner: BatchRunner[DataFrame]
    checkpoint: str
    trigger_seconds: int
    nothing_unread: bool


class RunningQuery:
    """The query of a plan. One thread watches all of them and calls `alive` regularly."""

    def __init__(self, spark: SparkSession, plan: QueryPlan) -> None:
        self._spark = spark
        self._plan = plan
        self._restarted = False
        self._query = self._start()

    @property
    def name(self) -> str:
        return self._plan.name

    def alive(self) -> bool:
        """Whether the query runs; raises what ended it, in the job's words where it has some."""
        if self._query.isActive:
            return True
        error = self._query.exception()
        if error is None:
            return False
        text = f"{error} {getattr(error, 'stackTrace', '') or ''}"
        if self._plan.runner.failure is not None:
            raise self._plan.runner.failure
        if _REPLAY_SYMPTOM in text and not self._restarted:
            logger.info("%s: Spark tripped over a replayed batch; starting it again", self.name)
            self._restarted = True
            self._query = self._start()
            return True
        # Spark may meet the deleted offsets before a batch of ours meets the new topic.
        self._plan.runner.require_same_topics()
        if "failOnDataLoss" in text or "KAFKA_DATA_LOSS" in text:
            raise Gap(f"{self.name}: Kafka no longer has offsets that were not read yet: {text}")
        raise JobError(f"{self.name} failed: {text}")

    def stop(self, deadline_seconds: float) -> bool:
        """Stop between two batches; False when the deadline came first and a batch was cut off.

        `query.stop()` inside a Python batch ends it with an exception, so we wait for the trigger
        to be idle; a batch that is cut off is harmless, it only comes again.
        """
        deadline = time.monotonic() + deadline_seconds
        while self._query.isActive and time.monotonic() < deadline:
            if not self._query.status["isTriggerActive"]:
                self._query.stop()
                return True
            time.sleep(0.02)
        idle = not self._query.isActive
        self._query.stop()
        return idle

    def _start(self) -> StreamingQuery:
        plan = self._plan
        self._spark.sparkContext.setLocalProperty("spark.scheduler.pool", plan.name)
        return (
            plan.load()
            .writeStream.queryName(plan.name)
            .foreachBatch(plan.runner)
            .option("checkpointLocation", plan.checkpoint)
            .trigger(processingTime=f"{plan.trigger_seconds} seconds")
            .start()
        )

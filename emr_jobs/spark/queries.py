"""One streaming query: started, watched, stopped; started again where Spark trips over itself, and
where a part of the stack did not answer for a while."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from emr_jobs.kernel.batches import BatchRunner
from emr_jobs.kernel.errors import Gap, JobError
from emr_jobs.spark.outages import is_outage

logger = logging.getLogger(__name__)

# The first batch after a restart that replays an uncommitted batch ends in
# KafkaMicroBatchStream.metrics with a NullPointerException on Option.get(), after its commit is
# written (SPARK-55271, SPARK-57438). Starting the query again works.
_REPLAY_SYMPTOM = "Option.get()"
# A part that restarts is back within seconds. One that is away for so long, or goes again and again
# without as much time between, is for the supervisor.
_PATIENCE_SECONDS = 120.0
_LOOK_AGAIN_SECONDS = 0.5


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
    """The query of a plan. One thread watches all of them and calls `alive` regularly. `renew`
    makes the plan again, over new connections."""

    def __init__(
        self,
        spark: SparkSession,
        plan: QueryPlan,
        renew: Callable[[], QueryPlan],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._spark = spark
        self._plan = plan
        self._renew = renew
        self._clock = clock
        self._restarted = False
        # None while a part of the stack is waited for.
        self._query: StreamingQuery | None = self._start()
        # When the outage began; when the query was started last, or is to be tried again.
        self._out_since = -_PATIENCE_SECONDS
        self._tried_at = -_PATIENCE_SECONDS

    @property
    def name(self) -> str:
        return self._plan.name

    def alive(self) -> bool:
        """Whether the query runs, or will run when all parts of the stack answer again; raises what
        ended it, in the job's words where it has some."""
        try:
            return self._runs()
        except Exception as error:  # noqa: BLE001 - raised again unless it passes by itself
            self._wait_for(error)
        return True

    def _runs(self) -> bool:
        if self._query is None:
            if self._clock() - self._tried_at >= _LOOK_AGAIN_SECONDS:
                self._plan = self._renew()
                logger.info("%s: goes on", self.name)
                self._tried_at = self._clock()
                # The batch that failed is replayed, and Spark may trip over it.
                self._restarted = False
                self._query = self._start()
            return True
        if self._query.isActive:
            return True
        error = self._query.exception()
        if error is None:
            return False
        self._start_again_after(error)
        return True

    def _wait_for(self, error: Exception) -> None:
        """Try again in a moment; raise what does not pass."""
        if not is_outage(error):
            raise error
        now = self._clock()
        if self._query is not None:
            logger.warning("%s: a part of the stack does not answer: %s", self.name, error)
            if now - self._tried_at > _PATIENCE_SECONDS:
                self._out_since = now
        if now - self._out_since > _PATIENCE_SECONDS:
            raise error
        self._query, self._tried_at = None, now

    def _start_again_after(self, error: Exception) -> None:
        """Start the query again where Spark tripped over itself; raise what else ended it."""
        text = f"{error} {getattr(error, 'stackTrace', '') or ''}"
        if self._plan.runner.failure is not None:
            raise self._plan.runner.failure
        if _REPLAY_SYMPTOM in text and not self._restarted:
            logger.info("%s: Spark tripped over a replayed batch; starting it again", self.name)
            self._restarted = True
            self._query = self._start()
            return
        # Spark may meet the deleted offsets before a batch of ours meets the new topic.
        self._plan.runner.require_same_topics()
        if "failOnDataLoss" in text or "KAFKA_DATA_LOSS" in text:
            # The plan names the offsets that are missing.
            self._plan = self._renew()
            raise Gap(f"{self.name}: Kafka no longer has offsets that were not read yet: {text}")
        raise JobError(f"{self.name} failed: {text}")

    def stop(self, deadline_seconds: float) -> bool:
        """Stop between two batches; False when the deadline came first and a batch was cut off.

        `query.stop()` inside a Python batch ends it with an exception, so we wait for the trigger
        to be idle; a batch that is cut off is harmless, it only comes again.
        """
        query = self._query
        if query is None:
            return True
        deadline = self._clock() + deadline_seconds
        while query.isActive and self._clock() < deadline:
            if not query.status["isTriggerActive"]:
                query.stop()
                return True
            time.sleep(0.02)
        idle = not query.isActive
        query.stop()
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

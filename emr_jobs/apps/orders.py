"""orders: what the shop earns, and which orders look wrong; to Postgres and the alerts topic."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeAlias, TypeVar, cast

import pyarrow as pa
import pyarrow.compute as pc
from pyspark import inheritable_thread_target
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from contracts.applications import ORDER_ANSWERS
from contracts.events import CANARY
from contracts.money import MINOR_SCALE
from contracts.registry import Registry
from contracts.rule_packs import RulePack
from contracts.topics import ALERTS, ORDERS
from emr_jobs.apps.kept_events import PLACE, EventKeeper, among, first_of_each, without
from emr_jobs.apps.order_questions import Question, order_questions
from emr_jobs.apps.raised_alerts import WindowAlerts
from emr_jobs.kernel.batches import Batch
from emr_jobs.kernel.metrics import Metrics
from emr_jobs.kernel.outbox import relay
from emr_jobs.publish.outbox import PostgresOutbox
from emr_jobs.stores.answers import Pg, new_orders
from emr_jobs.stores.kafka import KafkaClient
from emr_jobs.stores.progress import ProgressStore
from emr_jobs.transforms.decimals import scaled

logger = logging.getLogger(__name__)

_AUDIT = (
    "event_id",
    "order_id",
    "kind",
    "customer_id",
    "total",
    "currency",
    "location",
    "event_time",
    "append_time",
    "partition",
    "offset",
    "canary",
    "region",
    "device_id",
)

# Orders: so many ids are looked up sooner than answers are computed that may be thrown away.
SMALL_BATCH = 2_000

T = TypeVar("T")

# A batch's partial answers, question by question.
_Answers: TypeAlias = list[tuple[Question, pa.Table]]


class OrderAnswers:
    """One batch of orders becomes one Postgres transaction."""

    def __init__(
        self,
        *,
        connection: Pg,
        progress: ProgressStore,
        registry: Registry,
        kafka: KafkaClient,
        metrics: Metrics,
        pack: RulePack,
    ) -> None:
        self._connection = connection
        self._progress = progress
        self._kafka = kafka
        self._metrics = metrics
        schema = registry.latest(ALERTS.schema)
        self._questions = order_questions(pack, schema)
        self._windows = WindowAlerts(pack, schema)
        self._keeper = EventKeeper(registry, ORDERS, _audit_columns())
        self._early_answers = ThreadPoolExecutor(max_workers=1, thread_name_prefix="early")
        self._pool = ThreadPoolExecutor(len(self._questions), thread_name_prefix="answers")

    def apply(self, batch: Batch[DataFrame]) -> None:
        with self._keeper.kept(batch) as kept:
            firsts, repeated = first_of_each(kept.audit)
            # Nearly every big batch holds only new orders, so its answers are computed while
            # Postgres looks the ids up, and judges by several orders; only a batch with known ids
            # is computed a second time.
            hopeful = self._early(kept.good, repeated) if firsts.num_rows > SMALL_BATCH else None
            with self._progress.commit(batch.id, batch.ranges, batch.started_at) as commit:
                commit.counts.update(keys=0, alerts=0)
                try:
                    known = new_orders(commit.connection, firsts)
                    if len(known) < firsts.num_rows:
                        self._windows.store(commit)
                finally:
                    early = hopeful.result() if hopeful else None
                if len(known) == firsts.num_rows:
                    answers = []
                elif known or early is None:
                    gone = pa.concat_tables([repeated, among(firsts, known).select(PLACE)])
                    answers = self._answers(kept.good, gone)
                else:
                    answers = early
                for question, partials in answers:
                    question.store(commit, partials)
                commit.counts.update(
                    orders=firsts.num_rows - len(known),
                    duplicate=repeated.num_rows + len(known),
                    quarantine=kept.rejected,
                )
        newest = pc.max(kept.audit["append_time"]).as_py()
        if newest is not None:
            self._metrics.emit({"freshness_seconds": self._metrics.age(newest)})
        self._metrics.emit({"alerts_raised": commit.counts["alerts"]})
        self.repeat()

    def _early(self, good: DataFrame, repeated: pa.Table) -> Future[_Answers]:
        return self._early_answers.submit(_beside(good.sparkSession, self._answers), good, repeated)

    def rehearse(self, batch: Batch[DataFrame]) -> None:
        with self._keeper.kept(batch) as kept:
            self._answers(kept.good, kept.audit.select(PLACE).slice(0, 0))

    def repeat(self) -> None:
        outbox = PostgresOutbox(self._connection, ORDER_ANSWERS.name)
        relay(outbox, self._kafka)
        unsent, age = outbox.waiting()
        self._metrics.emit({"outbox_unsent": unsent, "outbox_oldest_seconds": age})

    def _answers(self, good: DataFrame, duplicates: pa.Table) -> _Answers:
        """Partial answers of the good orders but those at the places of `duplicates`."""
        new = without(good, duplicates)
        ask = _beside(new.sparkSession, lambda each: each.partials(new).toArrow())
        partials = self._pool.map(ask, self._questions)
        return list(zip(self._questions, partials, strict=True))


def _beside(session: SparkSession, do: Callable[..., T]) -> Callable[..., T]:
    """To be called in another thread: its Spark jobs belong to the query of this one, in its
    scheduler pool, and end with it."""
    return cast("Callable[..., T]", inheritable_thread_target(session)(do))


def _audit_columns() -> dict[str, Column]:
    derived = {
        "total": scaled(F.col("total"), MINOR_SCALE),
        "canary": F.col("source_producer") == CANARY,
    }
    return {name: derived.get(name, F.col(name)) for name in _AUDIT}

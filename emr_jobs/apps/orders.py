"""orders: what the shop earns, and which orders look wrong; to Postgres and the alerts topic."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from contracts.applications import ORDER_ANSWERS
from contracts.events import CANARY
from contracts.money import MINOR_SCALE
from contracts.registry import Registry
from contracts.tables.postgres import ORDERS as ORDERS_TABLE
from contracts.topics import ORDERS
from emr_jobs.apps.asked_questions import AnswerWriter, QuestionPool
from emr_jobs.apps.kept_events import (
    POSITION_IN_TOPIC,
    EventKeeper,
    Kept,
    first_of_each,
    rows_of_events,
    without,
)
from emr_jobs.kernel.batches import Batch
from emr_jobs.kernel.metrics import Metrics
from emr_jobs.kernel.outbox import relay
from emr_jobs.kernel.question import Question, Settings
from emr_jobs.kernel.transactions import apply_once
from emr_jobs.publish.outbox import PostgresOutbox
from emr_jobs.spark.threads import in_thread
from emr_jobs.stores.kafka import KafkaClient
from emr_jobs.stores.postgres import Pg
from emr_jobs.stores.postgres_merge import insert_unknown
from emr_jobs.stores.progress import Commit, ProgressStore
from emr_jobs.transforms.decimals import scaled

# The ids of at most this many orders are looked up before answers are computed, which might have to
# be thrown away.
SMALL_BATCH = 2_000

# A batch's partial answers, question by question.
_Partials: TypeAlias = list[tuple[Question[Any], pa.Table]]


class OrderApplication:
    """One batch of orders becomes one Postgres transaction."""

    def __init__(
        self,
        *,
        connection: Pg,
        progress: ProgressStore,
        registry: Registry,
        kafka: KafkaClient,
        metrics: Metrics,
        settings: Settings,
    ) -> None:
        self._connection = connection
        self._progress = progress
        self._kafka = kafka
        self._metrics = metrics
        self._questions = QuestionPool(ORDER_ANSWERS, settings)
        self._writer = AnswerWriter(ORDER_ANSWERS, settings, registry, ORDERS_TABLE)
        self._keeper = EventKeeper(registry, ORDERS, _audit_columns())
        self._early = ThreadPoolExecutor(max_workers=1, thread_name_prefix="early")

    def apply(self, batch: Batch[DataFrame]) -> None:
        with self._keeper.kept(batch) as kept:
            orders = _OrderBatch(kept, self._writer, self._partials)
            if orders.firsts.num_rows > SMALL_BATCH:
                # Nearly every big batch holds only new orders. So its answers are computed while
                # Postgres looks the ids up and judges by the rules of several orders. Only a batch
                # with known ids is computed a second time.
                compute = in_thread(kept.good.sparkSession, self._partials)
                orders.early = self._early.submit(compute, kept.good, orders.repeated)
            try:
                commit = apply_once(batch, orders, self._progress)
            finally:
                # The batch must be kept until they are computed.
                if orders.early:
                    orders.early.exception()
        self._metrics.emit_freshness(pc.max(kept.audit["append_time"]).as_py())
        self._metrics.emit({"alerts_raised": self._writer.announced(commit)})
        self.repeat()

    def rehearse(self, batch: Batch[DataFrame]) -> None:
        with self._keeper.kept(batch) as kept:
            self._partials(kept.good, kept.audit.select(POSITION_IN_TOPIC).slice(0, 0))

    def repeat(self) -> None:
        outbox = PostgresOutbox(self._connection, ORDER_ANSWERS.name)
        relay(outbox, self._kafka)
        unsent, age = outbox.waiting()
        self._metrics.emit({"outbox_unsent": unsent, "outbox_oldest_seconds": age})

    def _partials(self, good: DataFrame, duplicates: pa.Table) -> _Partials:
        """Partial answers of the good orders, except those at the positions of `duplicates`."""
        return list(self._questions.partials(without(good, duplicates)))


class _OrderBatch:
    """The orders of one batch. `early` may hold their partial answers, computed as if Postgres knew
    none of them."""

    early: Future[_Partials] | None = None

    def __init__(
        self, kept: Kept, writer: AnswerWriter, partials: Callable[[DataFrame, pa.Table], _Partials]
    ) -> None:
        self._kept, self._writer, self._partials = kept, writer, partials
        self.firsts, self.repeated = first_of_each(kept.audit)
        self._known: set[str] = set()

    def look_elsewhere(self) -> None:
        """The table of orders forgets no id."""

    def remember(self, commit: Commit) -> bool:
        self._known = insert_unknown(commit.connection, ORDERS_TABLE, self.firsts)
        return bool(len(self._known) < self.firsts.num_rows)

    def answer(self, commit: Commit) -> None:
        self._writer.look_back(commit)
        if self.early and not self._known:
            partials = self.early.result()
        else:
            known = rows_of_events(self.firsts, self._known).select(POSITION_IN_TOPIC)
            partials = self._partials(self._kept.good, pa.concat_tables([self.repeated, known]))
        for question, rows in partials:
            self._writer.merge(commit, question, rows)

    def close(self, commit: Commit) -> None:
        commit.skipped = self._kept.skipped
        commit.counts.update(
            orders=self.firsts.num_rows - len(self._known),
            duplicate=self.repeated.num_rows + len(self._known),
            quarantine=self._kept.rejected,
        )


def _audit_columns() -> dict[str, Column]:
    derived = {
        "total": scaled(F.col("total"), MINOR_SCALE),
        "canary": F.col("source_producer") == CANARY,
    }
    return {name: derived.get(name, F.col(name)) for name in ORDERS_TABLE.names}

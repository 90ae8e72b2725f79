"""orders: what the shop earns, and which orders look wrong; to Postgres and the alerts topic."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from contracts.applications import ORDER_ANSWERS
from contracts.events import CANARY
from contracts.money import MINOR_SCALE
from contracts.registry import Registry
from contracts.rule_packs import RulePack
from contracts.topics import ALERTS, ORDERS
from emr_jobs.apps.decoding import Decoder
from emr_jobs.apps.order_questions import Question, order_questions
from emr_jobs.io import outbox
from emr_jobs.io.answers import Pg, new_orders
from emr_jobs.io.kafka import KafkaClient
from emr_jobs.io.progress import ProgressStore
from emr_jobs.runtime.batches import Batch
from emr_jobs.runtime.metrics import Metrics
from emr_jobs.transforms.decimals import scaled
from emr_jobs.transforms.events import events

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
)


# Orders: so many ids are looked up sooner than answers are computed that may be thrown away.
SMALL_BATCH = 2_000

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
        self._questions = order_questions(pack, registry.latest(ALERTS.schema))
        self._decoder = Decoder(registry, ORDERS)
        self._events = events(ORDERS)
        self._audit = _audit_columns()
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="answers")

    def apply(self, batch: Batch) -> None:
        with self._persisted(batch) as (good, audit, rejected):
            firsts, repeated = first_of_each(audit)
            # Nearly every big batch holds only new orders, so its answers are computed while
            # Postgres looks the ids up; only a batch with known ids is computed a second time.
            hopeful = self._early(good, repeated) if firsts.num_rows > SMALL_BATCH else None
            with self._progress.commit(batch.id, batch.ranges, batch.started_at) as commit:
                try:
                    known = new_orders(commit.connection, firsts)
                finally:
                    early = hopeful.result() if hopeful else None
                if len(known) == firsts.num_rows:
                    answers = []
                elif known or early is None:
                    gone = pa.concat_tables([repeated, _origins(firsts, known)])
                    answers = self._answers(good, gone)
                else:
                    answers = early
                commit.counts.update(keys=0, alerts=0)
                for question, partials in answers:
                    question.store(commit, partials)
                commit.counts.update(
                    orders=firsts.num_rows - len(known),
                    duplicate=repeated.num_rows + len(known),
                    quarantine=rejected,
                )
        newest = pc.max(audit["append_time"]).as_py()
        if newest is not None:
            self._metrics.emit({"freshness_seconds": self._metrics.age(newest)})
        self._metrics.emit({"alerts_raised": commit.counts["alerts"]})
        self.repeat()

    def _early(self, good: DataFrame, repeated: pa.Table) -> Future[_Answers]:
        return self._pool.submit(self._answers, good, repeated)

    def repeat(self) -> None:
        outbox.relay(self._connection, ORDER_ANSWERS.name, self._kafka)
        unsent, age = outbox.waiting(self._connection, ORDER_ANSWERS.name)
        self._metrics.emit({"outbox_unsent": unsent, "outbox_oldest_seconds": age})

    @contextmanager
    def _persisted(self, batch: Batch) -> Iterator[tuple[DataFrame, pa.Table, int]]:
        """The batch's good orders, kept for several passes; their audit rows; the rejected."""
        kept: list[DataFrame] = []

        def read(classified: DataFrame) -> tuple[tuple[DataFrame, pa.Table, int], set[str]]:
            # One pass decodes and keeps everything; a rejected row has no event but its reason.
            good = self._events(classified).persist()
            kept.append(good)
            audit = good.select(*self._audit).toArrow()
            total = sum(each.end - each.start for each in batch.ranges)
            if audit.num_rows == total:
                return (good, audit, 0), set()
            bad = classified.where("reason is not null").groupBy("reason", "schema_id").count()
            rows = bad.collect()
            rejected = sum(r["count"] for r in rows)
            if audit.num_rows + rejected != total:
                raise RuntimeError(
                    f"{total} offsets gave {audit.num_rows} orders and {rejected} rejections"
                )
            unknown = {r["schema_id"] for r in rows if r["reason"] == "unknown_schema"}
            return (good, audit, rejected), unknown - {None}

        try:
            yield self._decoder.decoded(batch.records, read)
        finally:
            for frame in kept:
                frame.unpersist()

    def _answers(self, good: DataFrame, duplicates: pa.Table) -> _Answers:
        """Partial answers of the good orders but those at the origins of `duplicates`."""
        new = good
        if duplicates.num_rows:
            gone = good.sparkSession.createDataFrame(duplicates)
            new = good.join(F.broadcast(gone), ["partition", "offset"], "left_anti")
        return [(each, each.partials(new).toArrow()) for each in self._questions]


def _audit_columns() -> tuple[Column, ...]:
    money = scaled(F.col("total"), MINOR_SCALE)
    canary = F.col("source_producer") == CANARY
    derived = {"total": money.alias("total"), "canary": canary.alias("canary")}
    return tuple(derived.get(name, F.col(name)) for name in _AUDIT)


def first_of_each(audit: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Each event once (its lowest partition and offset), and the origins of the other copies."""
    origins = pa.schema([audit.schema.field("partition"), audit.schema.field("offset")])
    if pc.count_distinct(audit["event_id"]).as_py() == audit.num_rows:
        return audit, origins.empty_table()
    ordered = audit.sort_by([("partition", "ascending"), ("offset", "ascending")])
    seen: set[str] = set()
    first = []
    for event_id in ordered["event_id"].to_pylist():
        first.append(event_id not in seen)
        seen.add(event_id)
    mask = pa.array(first)
    return ordered.filter(mask), ordered.filter(pc.invert(mask)).select(origins.names)


def _origins(orders: pa.Table, event_ids: set[str]) -> pa.Table:
    chosen = pc.is_in(orders["event_id"], pa.array(sorted(event_ids), pa.string()))
    return orders.filter(chosen).select(["partition", "offset"])

"""clicks: what people look at, and how their visits end; to Postgres."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from contracts.registry import Registry
from contracts.tables.postgres import CLICK_IDS
from contracts.topics import CLICKS
from emr_jobs.apps.click_questions import click_questions
from emr_jobs.apps.kept_events import EventKeeper, among, but, first_of_each, without
from emr_jobs.kernel.batches import Batch
from emr_jobs.kernel.metrics import Metrics
from emr_jobs.kernel.ranges import OffsetRange
from emr_jobs.spark.turns import Turns
from emr_jobs.stores.answers import Pg
from emr_jobs.stores.click_ids import STALE, Reached, forget, new_clicks, remembered_from
from emr_jobs.stores.kafka import KafkaClient
from emr_jobs.stores.lake import LakeTable
from emr_jobs.stores.offset_ranges import within
from emr_jobs.stores.progress import ProgressStore
from emr_jobs.transforms.partitions import day_ranges

_ORIGIN = ("topic_id", "partition", "offset")
# What tells whether a click is new.
_AUDIT = (*CLICK_IDS.names, "event_time", "region")


class ClickAnswers:
    """One batch of clicks becomes one Postgres transaction."""

    def __init__(
        self,
        *,
        silver: LakeTable,
        progress: ProgressStore,
        registry: Registry,
        kafka: KafkaClient,
        metrics: Metrics,
        turns: Turns,
        clock: Callable[[], datetime],
    ) -> None:
        self._turns = turns
        self._silver = silver
        self._progress = progress
        self._metrics = metrics
        self._kafka = kafka
        self._clock = clock
        self._reached = Reached()
        self._questions = click_questions()
        self._keeper = EventKeeper(registry, CLICKS, {name: F.col(name) for name in _AUDIT})

    def apply(self, batch: Batch[DataFrame]) -> None:
        with ExitStack() as stack:
            with self._turns.one():
                kept = stack.enter_context(self._keeper.kept(batch))
                firsts, repeated = first_of_each(kept.audit)
                forgotten = remembered_from(batch.started_at)
                elsewhere = elected_elsewhere(firsts, self._silver, batch.ranges, forgotten)
            candidates = but(firsts, elsewhere).select(CLICK_IDS.names)
            with self._progress.commit(batch.id, batch.ranges, batch.started_at) as commit:
                known = new_clicks(commit.connection, candidates)
                gone = pa.concat_tables(
                    [repeated, among(firsts, known | elsewhere).select(repeated.column_names)]
                )
                commit.counts.update(
                    clicks=candidates.num_rows - len(known),
                    duplicate=gone.num_rows,
                    quarantine=kept.rejected,
                    keys=0,
                )
                if candidates.num_rows > len(known):
                    new = without(kept.good, gone)
                    with self._turns.one():
                        answers = [(each, each.partials(new).toArrow()) for each in self._questions]
                    for question, partials in answers:
                        question.store(commit, partials)
                self._forget(commit.connection, batch, kept.audit)
        newest = pc.max(kept.audit["append_time"]).as_py()
        if newest is not None:
            self._metrics.emit({"freshness_seconds": self._metrics.age(newest)})

    def rehearse(self, batch: Batch[DataFrame]) -> None:
        with self._keeper.kept(batch) as kept:
            for question in self._questions:
                question.partials(kept.good).toArrow()

    def repeat(self) -> None:
        """The hot answers are pushed beside the batches, by a mark of their own."""

    def _forget(self, connection: Pg, batch: Batch[DataFrame], audit: pa.Table) -> None:
        times = audit.group_by("partition").aggregate([("append_time", "max")])
        self._reached.saw(
            dict(
                zip(
                    times["partition"].to_pylist(),
                    times["append_time_max"].to_pylist(),
                    strict=True,
                )
            )
        )
        (topic_id,) = {each.topic_id for each in batch.ranges}
        applied = {
            partition: until
            for (topic, partition), until in self._progress.applied().items()
            if topic == topic_id
        }
        asked_at = self._clock()
        ends = self._kafka.end_offsets([CLICKS.name])[CLICKS.name]
        until = self._reached.until(applied, ends, asked_at)
        if until is not None:
            forget(connection, topic_id, until)


def elected_elsewhere(
    firsts: pa.Table, silver: LakeTable, ranges: tuple[OffsetRange, ...], forgotten: datetime
) -> set[str]:
    """Stale clicks of which silver holds a copy outside this batch, appended before `forgotten`:
    that one was counted. Of a later copy the ids tell, or it is still to come and they will."""
    stale = firsts.filter(
        pc.less(
            firsts["event_time"],
            pc.subtract(firsts["append_time"], pa.scalar(STALE, pa.duration("us"))),
        )
    )
    if not stale.num_rows:
        return set()
    days = {
        (region, moment.date())
        for region, moment in zip(
            stale["region"].to_pylist(), stale["event_time"].to_pylist(), strict=True
        )
    }
    mine = silver.spark.createDataFrame(stale.select(["event_id", *_ORIGIN]))
    here = within(ranges).alias("here")
    old = silver.read().where(day_ranges(days)).where(F.col("append_time") < F.lit(forgotten))
    held = old.select("event_id", *_ORIGIN, here)
    same = [F.col(f"mine.{name}") == F.col(f"held.{name}") for name in _ORIGIN]
    found = (
        held.alias("held")
        .join(F.broadcast(mine.alias("mine")), "event_id")
        .where(~(same[0] & same[1] & same[2]) & ~F.col("held.here"))
        .select("event_id")
    )
    return set(found.toArrow()["event_id"].to_pylist())

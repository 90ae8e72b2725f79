"""clicks: what people look at, and how their visits end; to Postgres."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from contracts.applications import CLICK_ANSWERS
from contracts.registry import Registry
from contracts.topics import CLICKS
from emr_jobs.apps.asked_questions import AnswerWriter, QuestionPool
from emr_jobs.apps.kept_events import (
    POSITION_IN_KAFKA,
    EventKeeper,
    Kept,
    first_of_each,
    rows_of_events,
    rows_of_other_events,
    without,
)
from emr_jobs.kernel.batches import Batch
from emr_jobs.kernel.metrics import Metrics
from emr_jobs.kernel.question import Settings
from emr_jobs.kernel.ranges import OffsetRange
from emr_jobs.kernel.transactions import apply_once
from emr_jobs.spark.turns import Turns
from emr_jobs.stores.click_ids.blocks import PostgresBlocks
from emr_jobs.stores.click_ids.forgetting import STALE, AppliedUntil, remembered_from
from emr_jobs.stores.click_ids.remembering import COLUMNS, ClickIds
from emr_jobs.stores.kafka import KafkaClient
from emr_jobs.stores.lake import LakeTable
from emr_jobs.stores.offset_ranges import within
from emr_jobs.stores.postgres import Pg
from emr_jobs.stores.progress import Commit, ProgressStore
from emr_jobs.transforms.spans import Span

# What tells whether a click is new.
_AUDIT = (*COLUMNS, "event_time", "region")


class ClickApplication:
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
        self.turns = turns
        self.silver = silver
        self.questions = QuestionPool(CLICK_ANSWERS, Settings())
        self.writer = AnswerWriter(CLICK_ANSWERS, Settings(), registry)
        self._progress = progress
        self._metrics = metrics
        self._kafka = kafka
        self._clock = clock
        self.ids: ClickIds[Pg] = ClickIds(PostgresBlocks())
        self._applied_until = AppliedUntil()
        self._keeper = EventKeeper(registry, CLICKS, {name: F.col(name) for name in _AUDIT})

    def apply(self, batch: Batch[DataFrame]) -> None:
        with ExitStack() as stack:
            with self.turns.one():
                kept = stack.enter_context(self._keeper.kept(batch))
            apply_once(batch, _ClickBatch(self, batch, kept), self._progress)
        self._metrics.emit_freshness(pc.max(kept.audit["append_time"]).as_py())

    def rehearse(self, batch: Batch[DataFrame]) -> None:
        with self._keeper.kept(batch) as kept:
            for _ in self.questions.partials(kept.good):
                pass

    def repeat(self) -> None:
        """The hot answers are pushed beside the batches, by a mark of their own."""

    def forget(self, connection: Pg, batch: Batch[DataFrame], audit: pa.Table) -> None:
        """Drop the ids that silver knows by now."""
        times = audit.group_by("partition").aggregate([("append_time", "max")])
        partitions, newest = times["partition"].to_pylist(), times["append_time_max"].to_pylist()
        self._applied_until.saw(dict(zip(partitions, newest, strict=True)))
        (topic_id,) = {each.topic_id for each in batch.ranges}
        applied = {
            partition: until
            for (topic, partition), until in self._progress.applied().items()
            if topic == topic_id
        }
        asked_at = self._clock()
        ends = self._kafka.end_offsets([CLICKS.name])[CLICKS.name]
        until = self._applied_until.moment(applied, ends, asked_at)
        if until is not None:
            self.ids.forget(connection, topic_id, until)


class _ClickBatch:
    """The clicks of one batch."""

    def __init__(self, application: ClickApplication, batch: Batch[DataFrame], kept: Kept) -> None:
        self._application, self._batch, self._kept = application, batch, kept
        self._firsts, self._repeated = first_of_each(kept.audit)
        # Events that were counted before, by what says so.
        self._elsewhere: set[str] = set()
        self._known: set[str] = set()

    def look_elsewhere(self) -> None:
        forgotten = remembered_from(self._batch.started_at)
        with self._application.turns.one():
            self._elsewhere = elected_elsewhere(
                self._firsts, self._application.silver, self._batch.ranges, forgotten
            )

    def remember(self, commit: Commit) -> bool:
        candidates = rows_of_other_events(self._firsts, self._elsewhere)
        self._known = self._application.ids.remember(commit.connection, commit.sequence, candidates)
        return bool(candidates.num_rows > len(self._known))

    def answer(self, commit: Commit) -> None:
        new = without(self._kept.good, self._duplicates())
        writer = self._application.writer
        with self._application.turns.one():
            # Postgres merges one answer while Spark computes the next.
            for question, rows in self._application.questions.partials(new):
                writer.merge(commit, question, rows)

    def close(self, commit: Commit) -> None:
        commit.skipped = self._kept.skipped
        duplicates = self._duplicates().num_rows
        commit.counts.update(
            clicks=self._kept.audit.num_rows - duplicates,
            duplicate=duplicates,
            quarantine=self._kept.rejected,
        )
        self._application.forget(commit.connection, self._batch, self._kept.audit)

    def _duplicates(self) -> pa.Table:
        """The positions of every copy that is not counted."""
        known = rows_of_events(self._firsts, self._known | self._elsewhere)
        return pa.concat_tables([self._repeated, known.select(self._repeated.column_names)])


def elected_elsewhere(
    firsts: pa.Table, silver: LakeTable, ranges: tuple[OffsetRange, ...], forgotten: datetime
) -> set[str]:
    """Stale clicks of which silver holds a copy outside this batch, appended before `forgotten`:
    that one was counted. A copy appended later is found by its id: now, or when it arrives."""
    stale = firsts.filter(
        pc.less(
            firsts["event_time"],
            pc.subtract(firsts["append_time"], pa.scalar(STALE, pa.duration("us"))),
        )
    )
    if not stale.num_rows or not silver.exists():
        return set()
    stored = silver.within_spans(_spans(stale))
    if stored is None:
        return set()
    mine = silver.spark.createDataFrame(stale.select(["event_id", *POSITION_IN_KAFKA]))
    here = within(ranges).alias("here")
    old = stored.where(F.col("append_time") < F.lit(forgotten))
    held = old.select("event_id", *POSITION_IN_KAFKA, here)
    same = [F.col(f"mine.{name}") == F.col(f"held.{name}") for name in POSITION_IN_KAFKA]
    found = (
        held.alias("held")
        .join(F.broadcast(mine.alias("mine")), "event_id")
        .where(~(same[0] & same[1] & same[2]) & ~F.col("held.here"))
        .select("event_id")
    )
    return set(found.toArrow()["event_id"].to_pylist())


def _spans(events: pa.Table) -> Iterator[Span]:
    """Where events lie: a span per region and day, as silver is partitioned."""
    days = events.append_column("day", pc.cast(events["event_time"], pa.date32()))
    for row in (
        days.group_by(["region", "day"])
        .aggregate([("event_time", "min"), ("event_time", "max")])
        .to_pylist()
    ):
        yield Span(row["region"], row["event_time_min"], row["event_time_max"])

"""A batch of several topics, decoded once and kept for several passes; its records counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from contracts.events import LATE_AFTER_US
from contracts.registry import Registry
from contracts.topics import Topic
from emr_jobs.apps.decoding import Decoder
from emr_jobs.apps.kept_events import POSITION_IN_KAFKA, POSITION_IN_TOPIC
from emr_jobs.apps.skipped_offsets import skipped_offsets
from emr_jobs.kernel.ranges import OffsetRange
from emr_jobs.questions.quality import WINDOW
from emr_jobs.spark.held import held
from emr_jobs.transforms.events import is_event, record_columns
from emr_jobs.transforms.spans import Span


@dataclass(frozen=True)
class KeptRecords:
    """The records of one topic. `frame` has the columns of `record_columns`; `groups` count them:
    a row per reason, unknown schema, window of append time, region and day of the event."""

    topic: Topic
    frame: DataFrame
    groups: tuple[Mapping[str, Any], ...]

    @property
    def events(self) -> DataFrame:
        return self.frame.where(is_event())

    @property
    def records(self) -> int:
        return sum(each["records"] for each in self.groups)

    def skipped(self, ranges: Sequence[OffsetRange]) -> tuple[OffsetRange, ...]:
        """The offsets of the topic's ranges that gave no record."""
        return skipped_offsets(
            ranges, self.records, lambda: self.frame.select(*POSITION_IN_TOPIC).toArrow()
        )

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """Where the events lie: a span per region and day, as silver is partitioned."""
        found: dict[Any, Span] = {}
        for each in self.groups:
            if each["reason"] is None:
                key, span = (each["region"], each["day"]), _span(each)
                known = found.get(key, span)
                first, last = min(known.first, span.first), max(known.last, span.last)
                found[key] = Span(span.region, first, last)
        return tuple(found.values())

    @property
    def unknown_schemas(self) -> set[str]:
        return {each["schema_id"] for each in self.groups if each["schema_id"] is not None}


class RecordKeeper:
    """Keeps batches of `topics`."""

    def __init__(self, registry: Registry, topics: Iterable[Topic]) -> None:
        self._topics = {each.name: each for each in topics}
        self._decoders = {name: Decoder(registry, each) for name, each in self._topics.items()}
        self._columns = {name: record_columns(each) for name, each in self._topics.items()}

    def kept(
        self,
        records: DataFrame,
        topics: Sequence[str],
        rejected: pa.Table | None,
        stack: ExitStack,
    ) -> dict[str, KeptRecords]:
        """The records by topic, kept until `stack` is closed. `rejected` are rows of the quarantine
        whose records stay refused, whatever is known by now."""
        found = self._kept(records, topics, rejected, stack)
        # RegistryUnavailable passes through: the batch waits rather than quarantine what is good.
        grown = [
            name for name in topics if self._decoders[name].learned(found[name].unknown_schemas)
        ]
        return found | (self._kept(records, grown, rejected, stack) if grown else {})

    def _kept(
        self,
        records: DataFrame,
        topics: Sequence[str],
        rejected: pa.Table | None,
        stack: ExitStack,
    ) -> dict[str, KeptRecords]:
        frames = {}
        for name in topics:
            mine = records.where(F.col("topic") == name)
            judged = still_rejected(self._decoders[name].classified(mine), rejected)
            frames[name] = held(judged.select(*self._columns[name]), stack)
        groups: dict[str, list[Mapping[str, Any]]] = {name: [] for name in topics}
        # Arrow keeps the zone; collect() would give naive times in the zone of the machine.
        for row in _counted(frames.values()).toArrow().to_pylist():
            groups[row["topic"]].append(row)
        return {
            name: KeptRecords(self._topics[name], frame, tuple(groups[name]))
            for name, frame in frames.items()
        }


def window_start() -> Column:
    """The start of the window of append time in which a record is counted."""
    return F.window("append_time", WINDOW).start.alias("window_start")


def is_late() -> Column:
    """1 for a record appended more than 15 minutes after its event time."""
    late = F.coalesce(F.col("late_by_us") > LATE_AFTER_US, F.lit(False))
    return late.cast("bigint").alias("late")


def union_of(frames: Iterable[DataFrame]) -> DataFrame:
    """All rows of frames with the same columns."""
    return reduce(DataFrame.unionByName, frames)


def _counted(frames: Iterable[DataFrame]) -> DataFrame:
    """Every record of the frames in one job, which also keeps them."""
    unknown = F.col("reason") == "unknown_schema"
    columns = (
        F.col("topic"),
        F.col("reason"),
        F.when(unknown, F.col("schema_id")).alias("schema_id"),
        window_start(),
        F.when(is_event(), F.col("region")).alias("region"),
        F.when(is_event(), F.to_date("event_time")).alias("day"),
        F.when(is_event(), F.col("event_time")).alias("event_time"),
        F.col("append_time"),
        is_late(),
    )
    keys = ("topic", "reason", "schema_id", "window_start", "region", "day")
    return (
        union_of(frame.select(*columns) for frame in frames)
        .groupBy(*keys)
        .agg(
            F.count("*").alias("records"),
            F.sum("late").alias("late"),
            F.max("append_time").alias("newest"),
            F.min("event_time").alias("first"),
            F.max("event_time").alias("last"),
        )
    )


def still_rejected(classified: DataFrame, stored: pa.Table | None) -> DataFrame:
    """The records, with the reasons of those that are in quarantine already. A driver that died
    committed them there, and its code may have known less."""
    if stored is None or not stored.num_rows:
        return classified
    renamed = stored.rename_columns([*POSITION_IN_KAFKA, "stored_reason", "stored_detail"])
    known = F.broadcast(classified.sparkSession.createDataFrame(renamed))
    return (
        classified.join(known, list(POSITION_IN_KAFKA), "left")
        .withColumn("reason", F.coalesce("stored_reason", "reason"))
        .withColumn("detail", F.coalesce("stored_detail", "detail"))
        .drop("stored_reason", "stored_detail")
    )


def _span(group: Mapping[str, Any]) -> Span:
    return Span(group["region"], group["first"], group["last"])

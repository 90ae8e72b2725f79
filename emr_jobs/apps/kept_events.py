"""A batch of one topic, decoded once and kept for several passes; its copies told apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from contracts.registry import Registry
from contracts.topics import Topic
from emr_jobs.apps.decoding import Decoder
from emr_jobs.apps.skipped_offsets import skipped_offsets
from emr_jobs.kernel.batches import Batch
from emr_jobs.kernel.ranges import OffsetRange
from emr_jobs.spark.held import held
from emr_jobs.transforms.events import event_columns, is_event

# Where a record is in its topic, and where it is in any topic that ever had that name.
POSITION_IN_TOPIC = ("partition", "offset")
POSITION_IN_KAFKA = ("topic_id", *POSITION_IN_TOPIC)


@dataclass(frozen=True)
class Kept:
    """`good` are the events; `audit` has one row per event, with the columns that were asked for;
    `rejected` counts the records that are not events; `skipped` are the offsets without one."""

    good: DataFrame
    audit: pa.Table
    rejected: int
    skipped: tuple[OffsetRange, ...]


class EventKeeper:
    """Keeps batches of `topic`; `audit` are columns of its events by name, their position in the
    topic among them."""

    def __init__(self, registry: Registry, topic: Topic, audit: Mapping[str, Column]) -> None:
        self._topic = topic
        self._decoder = Decoder(registry, topic)
        self._kept = (*event_columns(topic), F.col("reason"), F.col("schema_id"))
        # A refused record may lack what the other columns are computed from.
        self._audit = (
            *(
                (column if name in POSITION_IN_TOPIC else F.when(is_event(), column)).alias(name)
                for name, column in audit.items()
            ),
            F.col("reason"),
            F.when(~is_event(), F.col("schema_id")).alias("schema_id"),
        )

    @contextmanager
    def kept(self, batch: Batch[DataFrame]) -> Iterator[Kept]:
        """Every offset of the batch is an event, a rejection or skipped."""
        with ExitStack() as stack:

            def read(classified: DataFrame) -> tuple[Kept, set[str]]:
                # One pass decodes and keeps everything; a rejected row has a reason but no event.
                frame = held(classified.select(*self._kept), stack)
                return self._split(frame, batch.ranges)

            yield self._decoder.decoded(batch.records, read)

    def _split(self, frame: DataFrame, ranges: tuple[OffsetRange, ...]) -> tuple[Kept, set[str]]:
        rows = frame.select(*self._audit).toArrow()
        refused = pc.is_valid(rows["reason"])
        audit = rows.filter(pc.invert(refused)).drop_columns(["reason", "schema_id"])
        good = frame.where(is_event()).drop("reason", "schema_id")
        unknown = rows.filter(pc.equal(rows["reason"], "unknown_schema"))["schema_id"]
        missing = skipped_offsets(ranges, rows.num_rows, lambda: rows)
        return (
            Kept(good, audit, rows.num_rows - audit.num_rows, missing),
            set(unknown.drop_null().unique().to_pylist()),
        )


def first_of_each(audit: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Each event once (its lowest partition and offset), and the positions of the other copies."""
    positions = pa.schema([audit.schema.field(name) for name in POSITION_IN_TOPIC])
    if pc.count_distinct(audit["event_id"]).as_py() == audit.num_rows:
        return audit, positions.empty_table()
    ordered = audit.sort_by([(name, "ascending") for name in POSITION_IN_TOPIC])
    seen: set[str] = set()
    first = []
    for event_id in ordered["event_id"].to_pylist():
        first.append(event_id not in seen)
        seen.add(event_id)
    mask = pa.array(first)
    return ordered.filter(mask), ordered.filter(pc.invert(mask)).select(positions.names)


def rows_of_events(audit: pa.Table, event_ids: set[str]) -> pa.Table:
    """The rows of these events."""
    return audit.filter(_is_in(audit, event_ids))


def rows_of_other_events(audit: pa.Table, event_ids: set[str]) -> pa.Table:
    """The rows of all other events."""
    return audit.filter(pc.invert(_is_in(audit, event_ids)))


def without(good: DataFrame, positions: pa.Table) -> DataFrame:
    """The events except those at `positions`."""
    if not positions.num_rows:
        return good
    gone = positions.select(list(POSITION_IN_TOPIC))
    gone = F.broadcast(good.sparkSession.createDataFrame(gone))
    return good.join(gone, list(POSITION_IN_TOPIC), "left_anti")


def _is_in(audit: pa.Table, event_ids: set[str]) -> pa.ChunkedArray:
    return pc.is_in(audit["event_id"], pa.array(sorted(event_ids), pa.string()))

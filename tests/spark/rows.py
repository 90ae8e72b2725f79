"""Kafka records and events as the frames that transforms and questions take."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from contracts.codec import encode
from contracts.events import Event, topic_of
from contracts.registry import BundledRegistry, MemoryStore, Registry
from contracts.schemas import bundled_schemas
from contracts.topics import Topic
from emr_jobs.transforms.classify import classify
from emr_jobs.transforms.decode import Schemas, decode
from emr_jobs.transforms.events import events

REGISTRY = BundledRegistry(MemoryStore(bundled_schemas()))
UTC_MICROS = pa.timestamp("us", tz="UTC")
RECORD = pa.schema(
    [
        ("topic", pa.string()),
        ("topic_id", pa.string()),
        ("cluster_id", pa.string()),
        ("partition", pa.int32()),
        ("offset", pa.int64()),
        ("append_time", UTC_MICROS),
        ("key", pa.binary()),
        ("value", pa.binary()),
    ]
)


def schemas(topic: Topic, registry: Registry = REGISTRY) -> Schemas:
    return Schemas(tuple(registry.versions(topic.schema)), registry.latest(topic.schema))


def records(
    spark: SparkSession, topic: Topic, values: Iterable[tuple[bytes | None, int]]
) -> DataFrame:
    """A partition that holds these (value, append time), from offset 0."""
    rows = [
        (topic.name, "topic-1", "cluster-1", 0, offset, append_time, b"key", value)
        for offset, (value, append_time) in enumerate(values)
    ]
    columns = [[row[index] for row in rows] for index in range(len(RECORD))]
    return spark.createDataFrame(pa.table(columns, schema=RECORD))


def classified(
    spark: SparkSession,
    topic: Topic,
    values: Iterable[tuple[bytes | None, int]],
    registry: Registry = REGISTRY,
) -> DataFrame:
    decoded = decode(topic, schemas(topic, registry))(records(spark, topic, values))
    return classify(topic)(decoded)


def event_frame(spark: SparkSession, appended: Sequence[tuple[Event, int]]) -> DataFrame:
    """The events, appended at these times, as the questions get them; none may be refused."""
    topic = topic_of(appended[0][0])
    writer = REGISTRY.latest(topic.schema)
    values = [(encode(event, writer), append_time) for event, append_time in appended]
    return events(topic)(classified(spark, topic, values))


def in_order(frame: DataFrame) -> list[dict[str, Any]]:
    """The rows by offset."""
    rows = frame.toArrow().to_pylist()
    return sorted(rows, key=lambda row: int(row["offset"]))

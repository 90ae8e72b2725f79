"""The lake: bronze holds every offset once, silver every event once, gold the published answers."""

from __future__ import annotations

from contracts.tables.columns import Column, Table
from contracts.tables.questions import ANSWERS
from contracts.topics import CLICKS, ORDERS, PROMOTIONS, Topic

CATALOG = "shopstream"

COMMIT_NUMBER = Column(
    "commit_number",
    "bigint",
    "1, 2, 3 ... of the table's writer: a commit overwrites exactly its own number, so of two "
    "writers one fails",
)
POSITION = (
    Column("topic", "text"),
    Column("topic_id", "text"),
    Column("cluster_id", "text"),
    Column("partition", "integer"),
    Column("offset", "bigint"),
    Column("append_time", "timestamp", "the broker's"),
)
ENVELOPE = (
    Column("event_id", "text"),
    Column("event_time", "timestamp"),
    Column("sent_at", "timestamp"),
    Column("region", "text"),
    Column("source_run", "text"),
    Column("source_producer", "text"),
    Column("source_sequence", "bigint"),
    Column("late_by_us", "bigint", "append time - event time, microseconds; late above 15 min"),
)

BRONZE_EVENTS = Table(
    "bronze.events",
    "one row per Kafka record",
    (
        *POSITION,
        Column("key", "bytes", nullable=True),
        Column("value", "bytes", nullable=True),
        COMMIT_NUMBER,
    ),
    key=("cluster_id", "topic_id", "partition", "offset"),
    partitioned_by=("topic", "days(append_time)"),
)
BRONZE_QUARANTINE = Table(
    "bronze.quarantine",
    "one row per record that is no event",
    (
        *POSITION,
        Column("key", "bytes", nullable=True),
        Column("value", "bytes", nullable=True),
        Column("reason", "text", "a code of contracts.rejections"),
        Column("detail", "text"),
        Column("event_id", "text", nullable=True),
        Column("schema_id", "text", nullable=True),
        Column("package_version", "text", "of the code that judged"),
        COMMIT_NUMBER,
    ),
    key=("cluster_id", "topic_id", "partition", "offset"),
    partitioned_by=("topic", "days(append_time)"),
)
BRONZE_DUPLICATES = Table(
    "bronze.duplicates",
    "one row per valid record whose event is already in silver",
    (
        *POSITION,
        Column("event_id", "text"),
        Column("twin_topic_id", "text"),
        Column("twin_partition", "integer"),
        Column("twin_offset", "bigint"),
        COMMIT_NUMBER,
    ),
    key=("cluster_id", "topic_id", "partition", "offset"),
    partitioned_by=("topic", "days(append_time)"),
)
SILVER_ORDERS = Table(
    "silver.orders",
    "one row per order event",
    (
        *POSITION,
        *ENVELOPE,
        Column("order_id", "text"),
        Column("kind", "text"),
        Column("customer_id", "text", nullable=True),
        Column("lines", "lines"),
        Column("total", "money"),
        Column("currency", "text"),
        Column("location", "text"),
        Column("payment_method", "text"),
        Column("device_id", "text", nullable=True),
        Column("account_created_at", "timestamp", nullable=True),
        COMMIT_NUMBER,
    ),
    key=("event_id",),
    partitioned_by=("region", "days(event_time)"),
)
SILVER_CLICKS = Table(
    "silver.clicks",
    "one row per click event",
    (
        *POSITION,
        *ENVELOPE,
        Column("event_type", "text"),
        Column("user_id", "text"),
        Column("session_id", "text", nullable=True),
        Column("product_id", "text"),
        Column("category", "text"),
        Column("brand", "text", nullable=True),
        Column("price", "money"),
        Column("currency", "text"),
        COMMIT_NUMBER,
    ),
    key=("event_id",),
    partitioned_by=("region", "days(event_time)"),
)
SILVER_PROMOTIONS = Table(
    "silver.promotions",
    "one row per promotion event",
    (
        *POSITION,
        *ENVELOPE,
        Column("promotion_id", "text"),
        Column("product_id", "text"),
        Column("discount_percent", "integer"),
        Column("starts_at", "timestamp"),
        Column("ends_at", "timestamp"),
        Column("channel", "text"),
        COMMIT_NUMBER,
    ),
    key=("event_id",),
    partitioned_by=("region", "days(event_time)"),
)

SILVER = {
    ORDERS.name: SILVER_ORDERS,
    CLICKS.name: SILVER_CLICKS,
    PROMOTIONS.name: SILVER_PROMOTIONS,
}
GOLD_TABLES: tuple[Table, ...] = tuple(
    answer.gold_table for answer in ANSWERS if answer.gold_table is not None
)


def own_columns(topic: Topic) -> tuple[Column, ...]:
    """The columns of a topic's silver table that hold fields of its own events."""
    shared = {*POSITION, *ENVELOPE, COMMIT_NUMBER}
    return tuple(column for column in SILVER[topic.name].columns if column not in shared)


LAKE_TABLES: tuple[Table, ...] = (
    BRONZE_EVENTS,
    BRONZE_QUARANTINE,
    BRONZE_DUPLICATES,
    *SILVER.values(),
    *GOLD_TABLES,
)

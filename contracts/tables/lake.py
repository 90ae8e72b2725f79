"""The lake: bronze holds every offset once, silver every event once, gold the published answers."""

from __future__ import annotations

from contracts.tables.click_answers import SESSIONS
from contracts.tables.columns import Column, Table
from contracts.tables.postgres import ALERTS, ORDER_METRICS
from contracts.topics import CLICKS, ORDERS, PROMOTIONS

CATALOG = "shopstream"

_COMMIT = Column(
    "commit_number",
    "bigint",
    "1, 2, 3 ... of the table's writer: a commit overwrites exactly its own number, so of two "
    "writers one fails",
)
_ORIGIN = (
    Column("topic", "text"),
    Column("topic_id", "text"),
    Column("cluster_id", "text"),
    Column("partition", "integer"),
    Column("offset", "bigint"),
    Column("append_time", "timestamp", "the broker's"),
)
_ENVELOPE = (
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
    "one row a Kafka record",
    (
        *_ORIGIN,
        Column("key", "bytes", nullable=True),
        Column("value", "bytes", nullable=True),
        _COMMIT,
    ),
    key=("cluster_id", "topic_id", "partition", "offset"),
    partitioned_by=("topic", "days(append_time)"),
)
BRONZE_QUARANTINE = Table(
    "bronze.quarantine",
    "one row a record that is no event",
    (
        *_ORIGIN,
        Column("key", "bytes", nullable=True),
        Column("value", "bytes", nullable=True),
        Column("reason", "text", "a code of contracts.rejections"),
        Column("detail", "text"),
        Column("event_id", "text", nullable=True),
        Column("schema_id", "text", nullable=True),
        Column("package_version", "text", "of the code that judged"),
        _COMMIT,
    ),
    key=("cluster_id", "topic_id", "partition", "offset"),
    partitioned_by=("topic", "days(append_time)"),
)
BRONZE_DUPLICATES = Table(
    "bronze.duplicates",
    "one row a valid record whose event is already in silver",
    (
        *_ORIGIN,
        Column("event_id", "text"),
        Column("twin_topic_id", "text"),
        Column("twin_partition", "integer"),
        Column("twin_offset", "bigint"),
        _COMMIT,
    ),
    key=("cluster_id", "topic_id", "partition", "offset"),
    partitioned_by=("topic", "days(append_time)"),
)
SILVER_ORDERS = Table(
    "silver.orders",
    "one row an order event",
    (
        *_ORIGIN,
        *_ENVELOPE,
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
        _COMMIT,
    ),
    key=("event_id",),
    partitioned_by=("region", "days(event_time)"),
)
SILVER_CLICKS = Table(
    "silver.clicks",
    "one row a click event",
    (
        *_ORIGIN,
        *_ENVELOPE,
        Column("event_type", "text"),
        Column("user_id", "text"),
        Column("session_id", "text", nullable=True),
        Column("product_id", "text"),
        Column("category", "text"),
        Column("brand", "text", nullable=True),
        Column("price", "money"),
        Column("currency", "text"),
        _COMMIT,
    ),
    key=("event_id",),
    partitioned_by=("region", "days(event_time)"),
)
SILVER_PROMOTIONS = Table(
    "silver.promotions",
    "one row a promotion event",
    (
        *_ORIGIN,
        *_ENVELOPE,
        Column("promotion_id", "text"),
        Column("product_id", "text"),
        Column("discount_percent", "integer"),
        Column("starts_at", "timestamp"),
        Column("ends_at", "timestamp"),
        Column("channel", "text"),
        _COMMIT,
    ),
    key=("event_id",),
    partitioned_by=("region", "days(event_time)"),
)


def _gold(answers: Table, grain: str, day_of: str) -> Table:
    """An answer's table as it is published: without the sketch and the bookkeeping."""
    hidden = {"customers", "changed_in", "raised_at", "absorbed"}
    return Table(
        f"gold.{'fraud_alerts' if answers is ALERTS else answers.name}",
        grain,
        tuple(column for column in answers.columns if column.name not in hidden),
        key=answers.key,
        partitioned_by=("region", f"days({day_of})"),
    )


GOLD_ORDER_METRICS = _gold(ORDER_METRICS, ORDER_METRICS.grain + "; closed windows", "window_start")
GOLD_FRAUD_ALERTS = _gold(ALERTS, ALERTS.grain, "event_time")
GOLD_SESSIONS = _gold(SESSIONS, SESSIONS.grain + "; closed ones", "started_at")

SILVER = {
    ORDERS.name: SILVER_ORDERS,
    CLICKS.name: SILVER_CLICKS,
    PROMOTIONS.name: SILVER_PROMOTIONS,
}
LAKE_TABLES: tuple[Table, ...] = (
    BRONZE_EVENTS,
    BRONZE_QUARANTINE,
    BRONZE_DUPLICATES,
    *SILVER.values(),
    GOLD_ORDER_METRICS,
    GOLD_FRAUD_ALERTS,
    GOLD_SESSIONS,
)

"""Classified rows to flat events, to silver rows and to quarantine rows."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from contracts.money import MINOR_SCALE, PRICE_SCALE
from contracts.tables.lake import BRONZE_QUARANTINE, SILVER
from contracts.topics import CLICKS, ORDERS, PROMOTIONS, Topic
from emr_jobs.transforms.decimals import scaled
from emr_jobs.transforms.steps import Step

_ORIGIN = ("topic", "topic_id", "cluster_id", "partition", "offset", "append_time")
_OWN: dict[str, tuple[str, ...]] = {
    ORDERS.name: (
        "order_id",
        "kind",
        "customer_id",
        "lines",
        "total",
        "currency",
        "location",
        "payment_method",
        "device_id",
        "account_created_at",
    ),
    CLICKS.name: (
        "event_type",
        "user_id",
        "session_id",
        "product_id",
        "category",
        "brand",
        "price",
        "currency",
    ),
    PROMOTIONS.name: (
        "promotion_id",
        "product_id",
        "discount_percent",
        "starts_at",
        "ends_at",
        "channel",
    ),
}
_TIMES = {"account_created_at", "starts_at", "ends_at"}
_MONEY = {"total", "price"}
# Reasons under which no field of the event can be believed.
_UNREADABLE = ("empty", "oversized", "bad_header", "unknown_schema", "undecodable")


def events(topic: Topic) -> Step:
    """A step to the good rows, flat; money integer as on the wire, times as timestamps."""
    columns = event_columns(topic)

    def flat(classified: DataFrame) -> DataFrame:
        return classified.where(F.col("reason").isNull()).select(*columns)

    return flat


def event_columns(topic: Topic) -> tuple[Column, ...]:
    """The columns of `events`, of classified rows. Of a refused row they may be null or absurd."""
    return (
        *map(F.col, _ORIGIN),
        F.col("event.event_id").alias("event_id"),
        _time("event_time"),
        _time("sent_at"),
        F.col("event.region").alias("region"),
        F.col("event.source.run").alias("source_run"),
        F.col("event.source.producer").alias("source_producer"),
        F.col("event.source.sequence").alias("source_sequence"),
        F.col("late_by_us"),
        *(_time(name) if name in _TIMES else F.col(f"event.{name}") for name in _OWN[topic.name]),
    )


def silver(events: DataFrame, topic: Topic) -> DataFrame:
    """Rows of the topic's silver table but `commit_number`; money as exact decimals."""
    names = [name for name in SILVER[topic.name].names if name != "commit_number"]
    return events.select(*map(_silver_column, names))


def quarantine(classified: DataFrame) -> DataFrame:
    """Rows of bronze.quarantine but `package_version` and `commit_number`."""
    refused = classified.where(F.col("reason").isNotNull())
    readable = ~F.col("reason").isin(*_UNREADABLE)
    event_id = F.when(readable, F.col("event.event_id")).alias("event_id")
    added = ("package_version", "commit_number")
    names = [name for name in BRONZE_QUARANTINE.names if name not in added]
    return refused.select(*(event_id if name == "event_id" else F.col(name) for name in names))


def _time(name: str) -> Column:
    return F.timestamp_micros(f"event.{name}").alias(name)


def _silver_column(name: str) -> Column:
    if name in _MONEY:
        return scaled(F.col(name), MINOR_SCALE).alias(name)
    if name == "lines":
        return F.transform(name, _silver_line).alias(name)
    return F.col(name)


def _silver_line(line: Column) -> Column:
    price = scaled(line["unit_price"], PRICE_SCALE).alias("unit_price")
    texts = [line[name].alias(name) for name in ("product_id", "product_name", "category")]
    return F.struct(*texts, line["quantity"].alias("quantity"), price)

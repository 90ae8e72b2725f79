"""Classified rows to flat events, to silver rows and to quarantine rows."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from contracts.money import MINOR_SCALE, PRICE_SCALE
from contracts.tables.columns import Column as TableColumn
from contracts.tables.lake import BRONZE_QUARANTINE, COMMIT_NUMBER, POSITION, SILVER, own_columns
from contracts.topics import Topic
from emr_jobs.transforms.decimals import scaled
from emr_jobs.transforms.steps import Step

# Reasons under which no field of the event can be believed.
_UNREADABLE = ("empty", "oversized", "bad_header", "unknown_schema", "undecodable")
# What only a refused record keeps.
_OF_REFUSED = ("key", "value")


def is_event() -> Column:
    """Condition: the record is not refused."""
    return F.col("reason").isNull()


def events(topic: Topic) -> Step:
    """A step to the good rows, flat; money integer as on the wire, times as timestamps."""
    columns = event_columns(topic)

    def flat(classified: DataFrame) -> DataFrame:
        return classified.where(is_event()).select(*columns)

    return flat


def event_columns(topic: Topic) -> tuple[Column, ...]:
    """The columns of `events`, of classified rows. Of a refused row they may be null or absurd."""
    return (
        *(F.col(column.name) for column in POSITION),
        F.col("event.event_id").alias("event_id"),
        _time("event_time"),
        _time("sent_at"),
        F.col("event.region").alias("region"),
        F.col("event.source.run").alias("source_run"),
        F.col("event.source.producer").alias("source_producer"),
        F.col("event.source.sequence").alias("source_sequence"),
        F.col("late_by_us"),
        *(
            _time(each.name) if each.type == "timestamp" else F.col(f"event.{each.name}")
            for each in own_columns(topic)
        ),
    )


def silver(events: DataFrame, topic: Topic) -> DataFrame:
    """Rows of the topic's silver table but `commit_number`; money as exact decimals."""
    columns = [column for column in SILVER[topic.name].columns if column != COMMIT_NUMBER]
    return events.select(*map(_silver_column, columns))


def record_columns(topic: Topic) -> tuple[Column, ...]:
    """The columns of classified rows from which silver and the quarantine are made: those of
    `events`, and for a refused record its reason and its bytes."""
    refused = (F.when(~is_event(), F.col(name)).alias(name) for name in _OF_REFUSED)
    return (*event_columns(topic), *map(F.col, ("reason", "detail", "schema_id")), *refused)


def quarantine(records: DataFrame) -> DataFrame:
    """Rows of bronze.quarantine but `package_version` and `commit_number`, of rows with the columns
    of `record_columns`."""
    readable = ~F.col("reason").isin(*_UNREADABLE)
    event_id = F.when(readable, F.col("event_id")).alias("event_id")
    added = ("package_version", COMMIT_NUMBER.name)
    names = [name for name in BRONZE_QUARANTINE.names if name not in added]
    refused = records.where(~is_event())
    return refused.select(*(event_id if name == "event_id" else F.col(name) for name in names))


def _time(name: str) -> Column:
    return F.timestamp_micros(f"event.{name}").alias(name)


def _silver_column(column: TableColumn) -> Column:
    match column.type:
        case "money":
            return scaled(F.col(column.name), MINOR_SCALE).alias(column.name)
        case "lines":
            return F.transform(column.name, _silver_line).alias(column.name)
    return F.col(column.name)


def _silver_line(line: Column) -> Column:
    price = scaled(line["unit_price"], PRICE_SCALE).alias("unit_price")
    texts = [line[name].alias(name) for name in ("product_id", "product_name", "category")]
    return F.struct(*texts, line["quantity"].alias("quantity"), price)

"""The lake: bronze holds every offset once, silver every event once, gold the published answers."""

from __future__ import annotations

from contracts.schemas.fields import Field, fields_of
from contracts.tables.columns import Column, Table, Type
from contracts.tables.questions import ANSWERS
from contracts.topics import CLICKS, ORDERS, PROMOTIONS, Topic

CATALOG = "shopstream"
# A table at rest keeps its newest snapshots however old they are. Otherwise the walk back from the
# current one, past compactions, to a commit of its writer would end in a scan of every row. And a
# reader that has just planned its files still finds them.
KEPT_SNAPSHOTS = 100

COMMIT_NUMBER = Column(
    "commit_number",
    "bigint",
    "1, 2, 3 ... of the table's writer: a commit overwrites exactly its own number, so of two "
    "writers one fails",
)
# Columns of bronze and silver that no proof can compare, each with the reason.
UNPROVED = {
    COMMIT_NUMBER.name: "it depends on how the records were cut into batches",
    "package_version": "it names the code that judged, which nothing else tells",
}
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


def _bronze(name: str, grain: str, *columns: Column) -> Table:
    """A table of records: at most one row per Kafka offset."""
    return Table(
        f"bronze.{name}",
        grain,
        (*POSITION, *columns, COMMIT_NUMBER),
        key=("cluster_id", "topic_id", "partition", "offset"),
        partitioned_by=("topic", "days(append_time)"),
    )


_BYTES = (Column("key", "bytes", nullable=True), Column("value", "bytes", nullable=True))
BRONZE_EVENTS = _bronze("events", "one row per Kafka record", *_BYTES)
BRONZE_QUARANTINE = _bronze(
    "quarantine",
    "one row per record that is not an event",
    *_BYTES,
    Column("reason", "text", "a code of contracts.rejections"),
    Column("detail", "text"),
    Column("event_id", "text", nullable=True),
    Column("schema_id", "text", nullable=True),
    Column("package_version", "text", "of the code that judged"),
)
BRONZE_DUPLICATES = _bronze(
    "duplicates",
    "one row per valid record whose event is already in silver",
    Column("event_id", "text"),
    Column("twin_topic_id", "text"),
    Column("twin_partition", "integer"),
    Column("twin_offset", "bigint"),
)

# A whole number of 64 bits that an event has beside its envelope is money in minor units.
_OF_AVRO: dict[str, Type] = {
    "string": "text",
    "enum": "text",
    "int": "integer",
    "long": "money",
    "array": "lines",
}


def own_columns(topic: Topic) -> tuple[Column, ...]:
    """The columns of a topic's silver table that hold fields of its own events."""
    shared = {"source", *(column.name for column in ENVELOPE)}
    return tuple(
        Column(field.name, _type_of(field), nullable=field.nullable)
        for field in fields_of(topic.schema)
        if field.name not in shared
    )


def _type_of(field: Field) -> Type:
    if field.is_time:
        return "timestamp"
    return _OF_AVRO[field.type if isinstance(field.type, str) else field.type["type"]]


SILVER = {
    topic.name: Table(
        f"silver.{topic.schema}",
        f"one row per {topic.schema.removesuffix('s')} event",
        (*POSITION, *ENVELOPE, *own_columns(topic), COMMIT_NUMBER),
        key=("event_id",),
        partitioned_by=("region", "days(event_time)"),
    )
    for topic in (ORDERS, CLICKS, PROMOTIONS)
}
GOLD_TABLES: tuple[Table, ...] = tuple(
    answer.gold_table for answer in ANSWERS if answer.gold_table is not None
)
# The tables of records, which their writer only adds to.
RECORD_TABLES: tuple[Table, ...] = (
    BRONZE_EVENTS,
    BRONZE_QUARANTINE,
    BRONZE_DUPLICATES,
    *SILVER.values(),
)
LAKE_TABLES: tuple[Table, ...] = (*RECORD_TABLES, *GOLD_TABLES)

"""What the bytes in bronze say: the event of each record in silver, and why a record is none.

The bytes are read with the codec of the contracts; the jobs read them with Spark.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import duckdb

from contracts.codec import decode, decode_record, schema_id_of
from contracts.registry import Registry, SchemaVersion
from contracts.rejections import Rejection
from contracts.tables.columns import Column, Table, Type, quoted
from contracts.tables.lake import ENVELOPE, SILVER, own_columns
from contracts.topics import CLICKS, ORDERS, PROMOTIONS, SOURCES, Topic
from proof.checks import Section
from readers.filling import fill, read
from readers.sql_text import literal

# The level of the checks of silver.
LEVEL = "L4"

# What a column is on the wire: times in microseconds, money in minor units, prices in
# ten-thousandths.
_WIRE: dict[Type, str] = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "bigint": "BIGINT",
    "timestamp": "BIGINT",
    "money": "BIGINT",
    "lines": "STRUCT(product_id VARCHAR, product_name VARCHAR, category VARCHAR, "
    "quantity INTEGER, unit_price BIGINT)[]",
}
_LINE = ("product_id", "product_name", "category", "quantity", "unit_price")
_SOURCE = "source_"
_LATE_BY = "late_by_us"
# The key of an event's record, over the columns of its topic.
_KEYS = {
    ORDERS: "coalesce(nullif(customer_id, ''), order_id)",
    CLICKS: "user_id",
    PROMOTIONS: "product_id",
}
_AT = "{0}.topic_id = {1}.topic_id AND {0}.partition = {1}.partition AND {0}.{2} = {1}.{3}"
_IN_SILVER = f"""
    SELECT e.topic_id, e.partition, e."offset", e.value FROM bronze.events e
    SEMI JOIN silver_event s ON {_AT.format("s", "e", "number", '"offset"')}
    WHERE e.topic = ?
"""
_IN_QUARANTINE = f"""
    SELECT e.topic, e.topic_id, e.partition, e."offset", epoch_us(e.append_time), e.value
    FROM bronze.events e
    SEMI JOIN quarantined q ON {_AT.format("q", "e", "number", '"offset"')}
"""


class _Remembered(Registry):
    """A registry that is asked once for each schema: a proof is of one moment."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._latest: dict[str, SchemaVersion] = {}
        self._versions: dict[UUID, SchemaVersion] = {}

    def register(self, family: str, schema: str) -> SchemaVersion:
        return self._registry.register(family, schema)

    def latest(self, family: str) -> SchemaVersion:
        if family not in self._latest:
            self._latest[family] = self._registry.latest(family)
        return self._latest[family]

    def version(self, schema_id: UUID) -> SchemaVersion:
        if schema_id not in self._versions:
            self._versions[schema_id] = self._registry.version(schema_id)
        return self._versions[schema_id]

    def versions(self, family: str) -> Sequence[SchemaVersion]:
        return self._registry.versions(family)


def read_bytes(connection: duckdb.DuckDBPyConnection, registry: Registry) -> None:
    """Fill ``stated_<family>`` with the events that the records in silver hold, and
    ``judged_again`` with the judgement of the records in quarantine."""
    remembered = _Remembered(registry)
    for topic in SOURCES:
        columns = ", ".join(f"{quoted(each.name)} {_WIRE[each.type]}" for each in _stated(topic))
        connection.execute(
            f"CREATE OR REPLACE TABLE {_relation(topic)} "
            f"(topic_id VARCHAR, partition INTEGER, number BIGINT, refused VARCHAR, {columns})"
        )
        fill(connection, _relation(topic), _events(connection, topic, remembered))
    connection.execute(
        "CREATE OR REPLACE TABLE judged_again (topic_id VARCHAR, partition INTEGER, "
        "number BIGINT, reason VARCHAR, detail VARCHAR, event_id VARCHAR, schema_id VARCHAR)"
    )
    fill(connection, "judged_again", _judgements(connection, remembered))


def stated_checks() -> list[Section]:
    """The checks of silver, and of the keys in bronze, beside what the bytes say."""
    return [
        *(
            Section(
                "check", f"{table.name} holds what the bytes in bronze say", _held(topic, table)
            )
            for topic, table in ((topic, SILVER[topic.name]) for topic in SOURCES)
        ),
        Section("check", "the events of known runs have their keys in bronze", _keyed()),
    ]


def _relation(topic: Topic) -> str:
    return f"stated_{topic.schema}"


def _stated(topic: Topic) -> list[Column]:
    """The columns of a topic's silver table that an event itself states."""
    return [each for each in (*ENVELOPE, *own_columns(topic)) if each.name != _LATE_BY]


def _events(
    connection: duckdb.DuckDBPyConnection, topic: Topic, registry: Registry
) -> Iterator[tuple[object, ...]]:
    columns = _stated(topic)
    nothing = (None,) * len(columns)
    for batch in read(connection, _IN_SILVER, [topic.name]):
        for *position, value in batch:
            record = decode_record(topic, _bytes(value), registry)
            if isinstance(record, Rejection):
                yield *position, f"{record.reason}: {record.detail}", *nothing
            else:
                yield *position, None, *(_wire(record, each) for each in columns)


def _bytes(value: object) -> bytes | None:
    return value if isinstance(value, bytes) else None


def _wire(record: Mapping[str, Any], column: Column) -> Any:
    if column.name.startswith(_SOURCE):
        return record["source"].get(column.name.removeprefix(_SOURCE))
    value = record.get(column.name)
    if column.type == "lines":
        return [{name: line.get(name) for name in _LINE} for line in value or ()]
    return value


def _judgements(
    connection: duckdb.DuckDBPyConnection, registry: Registry
) -> Iterator[tuple[object, ...]]:
    topics = {topic.name: topic for topic in SOURCES}
    for batch in read(connection, _IN_QUARANTINE):
        for name, *position, append_us, value in batch:
            topic = topics.get(str(name))
            if topic is not None and isinstance(append_us, int):
                yield *position, *_judgement(topic, _bytes(value), append_us, registry)


def _judgement(
    topic: Topic, value: bytes | None, append_us: int, registry: Registry
) -> tuple[str | None, ...]:
    """Reason and detail of what the value is, both None of an event; event id and schema id."""
    outcome = decode(topic, value, append_us, registry)
    refused = (outcome.reason, outcome.detail) if isinstance(outcome, Rejection) else (None, None)
    record = decode_record(topic, value, registry)
    event_id = None if isinstance(record, Rejection) else record.get("event_id")
    schema_id = schema_id_of(value or b"")
    return *refused, event_id, str(schema_id) if schema_id else None


def _held(topic: Topic, table: Table) -> str:
    """Silver's columns beside those of the event; only those that differ are shown."""
    pairs = {each.name: (f"t.{quoted(each.name)}", _of_silver(each)) for each in _stated(topic)}
    pairs[_LATE_BY] = ("epoch_us(s.append_time)::HUGEINT - t.event_time", f"s.{_LATE_BY}")
    differs = {name: f"{said} IS DISTINCT FROM {held}" for name, (said, held) in pairs.items()}
    said, held = (
        ", ".join(
            f"CASE WHEN {differs[name]} THEN concat('{name} ', ({pair[side]})::VARCHAR) END"
            for name, pair in pairs.items()
        )
        for side in (0, 1)
    )
    return f"""
    SELECT t.refused IS NULL AND NOT ({" OR ".join(differs.values())}) AS agrees,
           record_position(s.topic, s.topic_id, s.partition, s."offset") AS key,
           CASE WHEN NOT agrees THEN coalesce(t.refused, concat_ws(', ', {said})) END AS expected,
           CASE WHEN NOT agrees THEN concat_ws(', ', {held}) END AS actual
    FROM {table.name} s
    JOIN {_relation(topic)} t ON {_AT.format("t", "s", "number", '"offset"')}
    """


def _of_silver(column: Column) -> str:
    name = f"s.{quoted(column.name)}"
    match column.type:
        case "timestamp":
            return f"epoch_us({name})"
        case "money":
            return f"minor({name})"
        case "lines":
            return (
                f"list_transform({name}, lambda line: {{'product_id': line.product_id, "
                "'product_name': line.product_name, 'category': line.category, "
                "'quantity': line.quantity, "
                "'unit_price': CAST(line.unit_price * 10000 AS BIGINT)})"
            )
    return name


def _keyed() -> str:
    """Keys of first copies beside their events, and keys of later copies beside the first ones'.
    Others than the known runs may give a record another key, or none."""
    firsts = " UNION ALL ".join(
        f"SELECT {literal(topic.name)} AS topic, topic_id, partition, number, "
        f"lower(event_id) AS event_id, encode({_KEYS[topic]}) AS key "
        f"FROM {_relation(topic)} WHERE refused IS NULL"
        for topic in SOURCES
    )
    return f"""
    WITH known AS (
      SELECT DISTINCT topic, lower(event_id) AS event_id FROM ledger.attempts
    ), expected AS (
      SELECT * FROM ({firsts})
      UNION ALL
      SELECT d.topic, d.topic_id, d.partition, d.number, d.event_id, e.key FROM duplicate d
      JOIN bronze.events e ON e.topic_id = d.twin_topic_id AND e.partition = d.twin_partition
       AND e."offset" = d.twin_number
    )
    SELECT record_position(x.topic, x.topic_id, x.partition, x.number) AS key,
           x.key::VARCHAR AS expected, e.key::VARCHAR AS actual,
           e.key IS NOT DISTINCT FROM x.key AS agrees
    FROM expected x SEMI JOIN known k USING (topic, event_id)
    JOIN bronze.events e ON {_AT.format("e", "x", '"offset"', "number")}
    """

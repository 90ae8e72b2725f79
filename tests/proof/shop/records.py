"""The records in Kafka of the small shop, and the rows that its stores hold of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import duckdb

from contracts.codec import decode, schema_id_of
from contracts.events import Click, Order, Promotion, key_of
from contracts.registry import BundledRegistry, MemoryStore
from contracts.rejections import Rejection
from contracts.schemas import bundled_schemas
from contracts.tables.columns import Column, Table
from contracts.tables.lake import SILVER
from contracts.topics import CLICKS as CLICKS_TOPIC
from contracts.topics import ORDERS as ORDERS_TOPIC
from contracts.topics import PROMOTIONS as PROMOTIONS_TOPIC
from contracts.topics import topic as topic_of
from tests.proof.shop.events import moment, money

REGISTRY = BundledRegistry(MemoryStore(bundled_schemas()))
TOPIC = ORDERS_TOPIC.name
TOPIC_ID = "0b8e4a9e-5f65-4a1c-9a35-3d1f4f4b8a01"
CLICKS_ID = "7f9f0d4e-3a53-4d0c-8d5c-0a4b3c2d1e03"
PROMOTIONS_ID = "a2c4e6f8-1b3d-4f5a-8c7e-9d0b1a2c3e05"
TOPIC_IDS = {
    TOPIC: TOPIC_ID,
    CLICKS_TOPIC.name: CLICKS_ID,
    PROMOTIONS_TOPIC.name: PROMOTIONS_ID,
}
CLUSTER = "cluster-1"

Row = dict[str, Any]


@dataclass(frozen=True)
class Record:
    """One Kafka record; `twin` is where its event was first, `reason` a rejection."""

    partition: int
    offset: int
    append_us: int
    value: bytes
    order: Order | None
    twin: tuple[int, int] | None = None
    reason: str | None = None
    click: Click | None = None
    promotion: Promotion | None = None
    # The readable event id of a record that is refused.
    refused_id: str | None = None

    @property
    def topic(self) -> str:
        if self.promotion:
            return PROMOTIONS_TOPIC.name
        return CLICKS_TOPIC.name if self.click else TOPIC

    @property
    def event(self) -> Order | Click | Promotion | None:
        return self.promotion or self.click or self.order

    @property
    def key(self) -> bytes | None:
        return key_of(self.event) if self.event else None


def put(connection: duckdb.DuckDBPyConnection, relation: str, rows: Iterable[Row]) -> None:
    """Append rows given by column name; a column that is not given is null."""
    names = [column[0] for column in connection.execute(f"DESCRIBE {relation}").fetchall()]
    for row in rows:
        known = {name: value for name, value in row.items() if name in names}
        columns = ", ".join(f'"{name}"' for name in known)
        marks = ", ".join("?" for _ in known)
        connection.execute(
            f"INSERT INTO {relation} ({columns}) VALUES ({marks})", list(known.values())
        )


def origin(record: Record) -> Row:
    return {
        "topic": record.topic,
        "topic_id": TOPIC_IDS[record.topic],
        "cluster_id": CLUSTER,
        "partition": record.partition,
        "offset": record.offset,
        "append_time": moment(record.append_us),
    }


def quarantine_row(record: Record) -> Row:
    """What the quarantine holds of a record that the codec refuses for its `reason`."""
    found = decode(topic_of(record.topic), record.value, record.append_us, REGISTRY)
    assert isinstance(found, Rejection) and found.reason == record.reason
    schema_id = schema_id_of(record.value)
    return origin(record) | {
        "key": record.key,
        "value": record.value,
        "reason": found.reason,
        "detail": found.detail,
        "event_id": record.refused_id,
        "schema_id": str(schema_id) if schema_id else None,
        "package_version": "0.1.0",
    }


def table_row(table: Table, record: Record) -> Row:
    """What a table holds of a record's event, each field in the type of its column."""
    event = record.event
    assert event is not None
    source = event.source
    fields = {
        column.name: in_column(column, getattr(event, column.name))
        for column in table.columns
        if hasattr(event, column.name)
    }
    return origin(record) | fields | {"canary": source.producer == "canary"}


def in_column(column: Column, value: Any) -> Any:
    """A field of an event, as its column holds it."""
    if value is not None and column.type == "timestamp":
        return moment(value)
    if value is not None and column.type == "money":
        return money(value)
    if column.type == "lines":
        names = ("product_id", "product_name", "category", "quantity")
        return [
            {name: getattr(line, name) for name in names}
            | {"unit_price": Decimal(line.unit_price).scaleb(-4)}
            for line in value
        ]
    return value


def silver_row(record: Record, table: Table = SILVER[ORDERS_TOPIC.name]) -> Row:
    event = record.event
    assert event is not None
    return table_row(table, record) | {
        "source_run": event.source.run,
        "source_producer": event.source.producer,
        "source_sequence": event.source.sequence,
        "late_by_us": record.append_us - event.event_time,
    }

"""Events written by hand, byte by byte where a writer would refuse to, under the ids of the schemas
that ship with the package."""

from __future__ import annotations

import io
import json
from typing import Any

import fastavro

from contracts.codec import header
from contracts.registry import BundledRegistry, MemoryStore
from contracts.schemas import bundled_schemas
from contracts.topics import ORDERS, Topic

APPEND_TIME = 1_700_000_000_000_000
EVENT_ID = "0f4c8a52-9d8e-5f6a-8b1c-2d3e4f5a6b7c"

_REGISTRY = BundledRegistry(MemoryStore(bundled_schemas()))


def zigzag(number: int) -> bytes:
    """Avro's encoding of an int or a long, of any size."""
    left = number * 2 if number >= 0 else -number * 2 - 1
    out = bytearray()
    while left > 0x7F:
        out.append(left & 0x7F | 0x80)
        left >>= 7
    return bytes([*out, left])


def text(value: bytes) -> bytes:
    return zigzag(len(value)) + value


def _envelope(sequence: int) -> dict[str, Any]:
    """The fields that every event has."""
    return {
        "event_id": EVENT_ID,
        "event_time": APPEND_TIME - 1_000_000,
        "sent_at": APPEND_TIME - 1_000,
        "region": "Europe",
        "source": {"run": "run-1", "producer": "poison", "sequence": sequence},
    }


def order(**changes: Any) -> dict[str, Any]:
    return {
        **_envelope(7),
        "order_id": "536365",
        "kind": "placed",
        "customer_id": "c-1",
        "lines": [line()],
        "total": 1530,
        "currency": "GBP",
        "location": "United Kingdom",
        "payment_method": "card",
        "device_id": None,
        "account_created_at": None,
    } | changes


def line(**changes: Any) -> dict[str, Any]:
    return {
        "product_id": "85123A",
        "product_name": "WHITE HANGING HEART T-LIGHT HOLDER",
        "category": "Decoration",
        "quantity": 6,
        "unit_price": 25_500,
    } | changes


def click(**changes: Any) -> dict[str, Any]:
    return {
        **_envelope(8),
        "event_type": "view",
        "user_id": "u-1",
        "session_id": None,
        "product_id": "85123A",
        "category": "Decoration",
        "brand": None,
        "price": 255,
        "currency": "GBP",
    } | changes


def promotion(**changes: Any) -> dict[str, Any]:
    return {
        **_envelope(9),
        "promotion_id": "p-1",
        "product_id": "85123A",
        "discount_percent": 15,
        "starts_at": APPEND_TIME,
        "ends_at": APPEND_TIME + 1,
        "channel": "email",
    } | changes


def body(topic: Topic, record: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    schema = json.loads(_REGISTRY.latest(topic.schema).schema)
    fastavro.schemaless_writer(out, fastavro.parse_schema(schema), record)
    return out.getvalue()


def header_of(topic: Topic) -> bytes:
    return header(_REGISTRY.latest(topic.schema).id)


def value(topic: Topic, record: dict[str, Any]) -> bytes:
    return header_of(topic) + body(topic, record)


def raw_order(
    *,
    region: bytes = text(b"Europe"),
    kind: bytes = zigzag(0),
    customer: bytes = zigzag(0),
    lines: bytes | None = None,
    quantity: bytes = zigzag(6),
) -> bytes:
    """An order made of encoded parts, for bytes that no writer would produce."""
    one_line = text(b"85123A") + text(b"HOLDER") + text(b"Decoration") + quantity + zigzag(25_500)
    return header_of(ORDERS) + b"".join(
        (
            text(EVENT_ID.encode()),
            zigzag(APPEND_TIME - 1_000_000),
            zigzag(APPEND_TIME - 1_000),
            region,
            text(b"run-1") + text(b"poison") + zigzag(7),
            text(b"536365"),
            kind,
            customer,
            zigzag(1) + one_line + zigzag(0) if lines is None else lines,
            zigzag(1530),
            text(b"GBP"),
            text(b"United Kingdom"),
            text(b"card"),
            zigzag(0),
            zigzag(0),
        )
    )

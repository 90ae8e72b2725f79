"""Values joined from encoded pieces: the bytes of `contracts.codec.encode`, made faster.

A producer repeats products, prices and countries. So it encodes each of them once and joins the
pieces. One pass through a general Avro writer costs more than everything else that a producer does.
"""

from __future__ import annotations

from hashlib import sha256
from typing import get_args

from contracts.codec import header
from contracts.events import ClickType, OrderKind
from contracts.registry import SchemaVersion
from contracts.schemas import bundled_schemas, canonical

# The writer schemas that the pieces follow, field by field.
ORDER_SCHEMA = canonical(bundled_schemas()["orders"][0])
CLICK_SCHEMA = canonical(bundled_schemas()["clicks"][0])

# Unions and enums are written as the index of the branch or symbol, zigzagged.
NULL = b"\x00"
PRESENT = b"\x02"
NO_MORE_LINES = b"\x00"


def long(value: int) -> bytes:
    """An Avro int or long: zigzag, seven bits per byte, lowest first; ValueError beyond 64 bits."""
    rest = (value << 1) ^ (value >> 63)
    if rest <= _GROUP:
        return _LAST[rest]
    if not 0 <= rest <= _MOST:
        raise ValueError(f"an Avro long has 64 bits, got {value}")
    out = _MORE[rest & _GROUP]
    while (rest := rest >> 14) > _GROUP:
        out += _MORE[rest & _GROUP]
    return out + _LAST[rest]


# Two bytes (14 bits) are looked up at once: a time of today takes four look-ups.
_MOST = (1 << 64) - 1
_GROUP = (1 << 14) - 1
_MORE = tuple(bytes((n & 0x7F | 0x80, n >> 7 | 0x80)) for n in range(_GROUP + 1))
_LAST = tuple(
    bytes((n,)) if n < 0x80 else bytes((n & 0x7F | 0x80, n >> 7)) for n in range(_GROUP + 1)
)


# The symbols of the schemas' enums, encoded: an Avro enum is the index of its symbol.
ORDER_KINDS: dict[OrderKind, bytes] = {
    kind: long(index) for index, kind in enumerate(get_args(OrderKind))
}
CLICK_TYPES: dict[ClickType, bytes] = {
    kind: long(index) for index, kind in enumerate(get_args(ClickType))
}


def text(value: str) -> bytes:
    """An Avro string: its length in bytes, then UTF-8."""
    encoded = value.encode()
    size = len(encoded) << 1
    # Nearly every text is short, and one more call would double the time that it takes.
    return (_LAST[size] if size <= _GROUP else long(len(encoded))) + encoded


def optional_text(value: str | None) -> bytes:
    """A text that may be null."""
    return NULL if value is None else PRESENT + text(value)


def envelope(schema: SchemaVersion, expected: str) -> bytes:
    """The header of values in a schema; ValueError unless the schema is the `expected` one."""
    if schema.schema != expected:
        raise ValueError(
            f"version {schema.number} of {schema.family!r} is not the schema the pieces follow"
        )
    return header(schema.id)


class OrderValues:
    """Makes values of orders: one producer, one currency, one way to pay, and neither a device nor
    an account."""

    def __init__(
        self, schema: SchemaVersion, *, run: str, producer: str, currency: str, payment_method: str
    ) -> None:
        self._header = envelope(schema, ORDER_SCHEMA)
        self._source = text(run) + text(producer)
        self.currency = currency
        self._currency = text(currency)
        self._payment_method = text(payment_method)

    def value(
        self,
        *,
        event_id: str,
        event_time: int,
        sent_at: int,
        region: bytes,
        sequence: int,
        order_id: str,
        kind: OrderKind,
        customer_id: str | None,
        line_count: int,
        lines: bytes,
        total: int,
        location: bytes,
    ) -> bytes:
        """The value to send. `region` and `location` are encoded by `text`. `lines` holds
        `line_count` lines (at least one): the product's id, name and category by `text`, then
        quantity and price in ten-thousandths, both by `long`."""
        return b"".join(
            (
                self._header,
                text(event_id),
                long(event_time),
                long(sent_at),
                region,
                self._source,
                long(sequence),
                text(order_id),
                ORDER_KINDS[kind],
                optional_text(customer_id),
                long(line_count),
                lines,
                NO_MORE_LINES,
                long(total),
                self._currency,
                location,
                self._payment_method,
                NULL,
                NULL,
            )
        )


def order_digest(
    *,
    currency: str,
    event_time: int,
    region: bytes,
    order_id: str,
    kind: OrderKind,
    customer_id: str | None,
    line_count: int,
    lines: bytes,
    total: int,
    location: bytes,
) -> bytes:
    """16 bytes of what an order says, whoever sends it and when: equal for equal orders only."""
    said = (
        *(text(currency), long(event_time), region, text(order_id), ORDER_KINDS[kind]),
        *(optional_text(customer_id), long(line_count), lines, long(total), location),
    )
    return sha256(b"".join(said)).digest()[:16]


class ClickValues:
    """Makes values of clicks: one producer, one region."""

    def __init__(self, schema: SchemaVersion, *, run: str, producer: str, region: str) -> None:
        self._header = envelope(schema, CLICK_SCHEMA)
        self._source = text(region) + text(run) + text(producer)

    def value(
        self,
        *,
        event_id: str,
        event_time: int,
        sent_at: int,
        sequence: int,
        event_type: ClickType,
        user_id: str,
        looked_at: bytes,
    ) -> bytes:
        """The value to send. `looked_at` is the session by `optional_text`, product and category
        by `text`, the brand by `optional_text`, the price in minor units by `long`, the currency by
        `text`."""
        return b"".join(
            (
                self._header,
                text(event_id),
                long(event_time),
                long(sent_at),
                self._source,
                long(sequence),
                CLICK_TYPES[event_type],
                text(user_id),
                looked_at,
            )
        )

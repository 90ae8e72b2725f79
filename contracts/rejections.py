"""Why a value cannot be used: stable reason codes, and the rules that a decoded record must keep.

The rules are tables in the order of `Reason`, so that an engine which judges columns can mirror
them one by one. Every bound is a named constant.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from contracts.events import FUTURE_ALLOWANCE_US
from contracts.money import line_amount
from contracts.schemas.fields import Field, fields_of
from contracts.topics import CLICKS, ORDERS, PROMOTIONS, SOURCES, Topic

Reason = Literal[
    # before decoding
    "empty",
    "oversized",
    "bad_header",
    "unknown_schema",
    "undecodable",
    # any event
    "invalid_event_id",
    "missing_field",
    "invalid_text",
    "time_out_of_range",
    "future_dated",
    "invalid_currency",
    "value_out_of_range",
    # orders
    "no_lines",
    "zero_quantity",
    "negative_price",
    "total_mismatch",
    "nothing_to_pay",
    # promotions
    "invalid_discount",
    "empty_validity",
]
REASONS: tuple[Reason, ...] = get_args(Reason)

# 512 KiB: ten times the longest invoice of the UCI Online Retail data (1,114 lines, 50 KB).
MAX_VALUE_BYTES = 512 * 1024
EARLIEST_EVENT_US = 631_152_000_000_000  # 1990-01-01T00:00:00Z
LATEST_TIME_US = 253_402_300_800_000_000  # 10000-01-01T00:00:00Z, exclusive: Python ends there
MAX_QUANTITY = 1_000_000
MAX_UNIT_PRICE = 10_000_000_000  # 1,000,000.0000; all lines of 512 KiB sum within 64 bits
# 100 billion currency units: 100,000 such orders in one window still fit decimal(18,2).
MAX_MINOR = 10_000_000_000_000
# UTF-8 bytes: two such texts in a Postgres index entry stay below its 2,704 bytes.
MAX_TEXT_BYTES = 512
# UTF-8 bytes: percent-encoded behind ``region=`` it is a folder name of the lake, of 255 at most.
MAX_REGION_BYTES = 80

# Both patterns mean the same to Python and to Java. An id is in lower case, so that it has one
# spelling. The end lets no line break pass, while `$` would let one through.
_END = r"(?![\s\S])"
UUID_PATTERN = f"^[0-9a-f]{{8}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{12}}{_END}"
CURRENCY_PATTERN = f"^[A-Z]{{3}}{_END}"
_UUID = re.compile(UUID_PATTERN)
_CURRENCY = re.compile(CURRENCY_PATTERN)

# Texts that have a rule of their own.
_HAS_A_PATTERN = {"event_id", "currency"}
# A product of a click may have no category; the click then says so with an empty text.
_MAY_BE_EMPTY = {"category"}


def _bounded(topic: Topic, inside: str | None = None) -> tuple[Field, ...]:
    return tuple(
        field
        for field in fields_of(topic.schema, inside)
        if field.type == "string" and field.name not in _HAS_A_PATTERN
    )


# By topic, the texts that must not be empty.
REQUIRED_TEXTS: dict[str, tuple[str, ...]] = {
    topic.name: tuple(
        field.name
        for field in _bounded(topic)
        if not field.nullable and field.name not in _MAY_BE_EMPTY
    )
    for topic in SOURCES
}
# By topic, the texts of at most MAX_TEXT_BYTES (a region: of at most MAX_REGION_BYTES), which may
# be absent; after them those of an order's lines, and those of any event's source.
BOUNDED_TEXTS: dict[str, tuple[str, ...]] = {
    topic.name: tuple(field.name for field in _bounded(topic)) for topic in SOURCES
}
BOUNDED_LINE_TEXTS = tuple(field.name for field in _bounded(ORDERS, "lines"))
SOURCE_TEXTS = tuple(field.name for field in _bounded(ORDERS, "source"))
# Every time but the event's own.
TIMES = tuple(
    dict.fromkeys(
        field.name
        for topic in SOURCES
        for field in fields_of(topic.schema)
        if field.is_time and field.name != "event_time"
    )
)

Record: TypeAlias = Mapping[str, Any]
# Says what is wrong with a record, or None.
RecordCheck: TypeAlias = Callable[[Record], str | None]


@dataclass(frozen=True)
class Rejection:
    """A value that becomes a quarantine row instead of an event."""

    reason: Reason
    detail: str


def rejection_of(topic: Topic, record: Record, append_time: int) -> Rejection | None:
    """The first rule that a decoded record breaks, in the order of `Reason`; None if it is good.

    `append_time` is the broker's, in microseconds UTC. The future is judged by it, never by the
    present time.
    """
    for reason, check in rules(topic, append_time):
        detail = check(record)
        if detail is not None:
            return Rejection(reason, detail)
    return None


def rules(topic: Topic, append_time: int) -> tuple[tuple[Reason, RecordCheck], ...]:
    """Every rule for a topic's events, in the order in which they are applied."""
    required = REQUIRED_TEXTS[topic.name]
    return (
        ("invalid_event_id", _EVENT_ID),
        ("missing_field", lambda r: next((name for name in required if not r[name]), None)),
        ("invalid_text", lambda record: _unusable_text(topic, record)),
        ("time_out_of_range", _time_out_of_range),
        (
            "future_dated",
            _unless(
                lambda record: record["event_time"] <= append_time + FUTURE_ALLOWANCE_US,
                "event_time is more than 5 minutes after append time",
            ),
        ),
        *_RULES[topic.name],
    )


def _unless(good: Callable[[Record], bool], detail: str) -> RecordCheck:
    return lambda record: None if good(record) else detail


def _unusable_text(topic: Topic, record: Record) -> str | None:
    """Postgres cannot store U+0000, and a text without a bound does not fit an index."""
    texts = [(name, record.get(name)) for name in BOUNDED_TEXTS[topic.name]]
    texts += [(f"source.{name}", record["source"][name]) for name in SOURCE_TEXTS]
    for line in record.get("lines", ()):
        texts += [(f"lines.{name}", line[name]) for name in BOUNDED_LINE_TEXTS]
    for name, text in texts:
        if text is None:
            continue
        most = MAX_REGION_BYTES if name == "region" else MAX_TEXT_BYTES
        if "\0" in text:
            return f"{name} holds the character U+0000"
        if len(text) > most or len(text.encode()) > most:
            return f"{name} is longer than {most} bytes"
    return None


def _time_out_of_range(record: Record) -> str | None:
    if not EARLIEST_EVENT_US <= record["event_time"] < LATEST_TIME_US:
        return "event_time"
    for name in TIMES:
        value = record.get(name)
        if value is not None and not 0 <= value < LATEST_TIME_US:
            return name
    return None


def _order_within_bounds(record: Record) -> bool:
    """Numbers are judged first, so that amounts made of them cannot overflow. Amounts are judged
    too, because huge lines of opposite signs may sum to a small total."""
    lines = record["lines"]
    return (
        all(
            abs(line["quantity"]) <= MAX_QUANTITY and abs(line["unit_price"]) <= MAX_UNIT_PRICE
            for line in lines
        )
        and abs(record["total"]) <= MAX_MINOR
        and sum(abs(_amount(line)) for line in lines) <= MAX_MINOR
    )


def _amount(line: Record) -> int:
    return line_amount(line["quantity"], line["unit_price"])


def _each_line(good: Callable[[Record], bool], detail: str) -> RecordCheck:
    return _unless(lambda record: all(map(good, record["lines"])), detail)


_EVENT_ID = _unless(
    lambda r: bool(_UUID.match(r["event_id"])), "event_id is not a UUID in lower case"
)
_CURRENCY_RULE: tuple[Reason, RecordCheck] = (
    "invalid_currency",
    _unless(
        lambda r: bool(_CURRENCY.match(r["currency"])), "currency is not three capital letters"
    ),
)
_BOUNDS = _unless(_order_within_bounds, "quantity, unit_price, total or line amounts")
_PRICES = _each_line(lambda line: line["unit_price"] >= 0, "a line has a negative unit_price")
_TOTAL = _unless(
    lambda r: r["total"] == sum(map(_amount, r["lines"])),
    "total is not the sum of the line amounts",
)
_PAYS = _unless(
    lambda r: r["kind"] != "placed" or r["total"] > 0, "a placed order has a total of 0 or less"
)
_DISCOUNT = _unless(lambda r: 1 <= r["discount_percent"] <= 100, "discount_percent is not 1 to 100")
_VALIDITY = _unless(lambda r: r["starts_at"] < r["ends_at"], "starts_at is not before ends_at")
_RULES: dict[str, tuple[tuple[Reason, RecordCheck], ...]] = {
    ORDERS.name: (
        _CURRENCY_RULE,
        ("value_out_of_range", _BOUNDS),
        ("no_lines", _unless(lambda r: bool(r["lines"]), "an order needs at least one line")),
        ("zero_quantity", _each_line(lambda line: line["quantity"] != 0, "a line has quantity 0")),
        ("negative_price", _PRICES),
        ("total_mismatch", _TOTAL),
        ("nothing_to_pay", _PAYS),
    ),
    CLICKS.name: (
        _CURRENCY_RULE,
        ("value_out_of_range", _unless(lambda r: abs(r["price"]) <= MAX_MINOR, "price")),
        ("negative_price", _unless(lambda r: r["price"] >= 0, "price is negative")),
    ),
    PROMOTIONS.name: (
        ("invalid_discount", _DISCOUNT),
        ("empty_validity", _VALIDITY),
    ),
}

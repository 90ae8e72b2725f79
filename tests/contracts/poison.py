"""Values that must not stop a pipeline, each with the reason that every decoder must give.

`POISON` is for any engine: (name, topic, key, value, append time, reason), reason None for a value
that looks odd and is an event.
"""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.codec import header
from contracts.rejections import (
    EARLIEST_EVENT_US,
    LATEST_TIME_US,
    MAX_MINOR,
    MAX_QUANTITY,
    MAX_REGION_BYTES,
    MAX_TEXT_BYTES,
    MAX_UNIT_PRICE,
    MAX_VALUE_BYTES,
    Reason,
)
from contracts.topics import CLICKS, ORDERS, PROMOTIONS, Topic
from tests.contracts.handmade import (
    APPEND_TIME,
    EVENT_ID,
    click,
    header_of,
    line,
    order,
    promotion,
    raw_order,
    text,
    value,
    zigzag,
)

FIVE_MINUTES = 5 * 60 * 1_000_000
UNKNOWN_ID = UUID("dead0000-0000-5000-8000-00000000beef")


@dataclass(frozen=True)
class Poison:
    """One value as Kafka would deliver it; a `reason` of None means that it is an event."""

    name: str
    topic: Topic
    value: bytes | None
    reason: Reason | None
    append_time: int = APPEND_TIME
    key: bytes | None = b"customer-1"


_GOOD = value(ORDERS, order())
_HEADER = header_of(ORDERS)


def _compressed(body: bytes) -> bytes:
    """As the serializer of AWS Glue writes it."""
    return b"\x03\x05" + _HEADER[2:] + zlib.compress(body, 9)


def _filled(length: int) -> bytes:
    """The body of the good order, with bytes that nobody reads up to the length of a value."""
    return _GOOD.ljust(length, b"\0")[18:]


def _bomb() -> bytes:
    """400 MB of zeros, which just fit into a value of the largest size."""
    stream = zlib.compressobj(9)
    packed = b"".join(stream.compress(b"\0" * 1_000_000) for _ in range(400)) + stream.flush()
    return b"\x03\x05" + _HEADER[2:] + packed


_BOMB = _bomb()


def _order(name: str, reason: Reason | None, **changes: Any) -> Poison:
    return Poison(name, ORDERS, value(ORDERS, order(**changes)), reason)


def _click(name: str, reason: Reason | None, **changes: Any) -> Poison:
    return Poison(name, CLICKS, value(CLICKS, click(**changes)), reason)


def _promotion(name: str, reason: Reason | None, **changes: Any) -> Poison:
    return Poison(name, PROMOTIONS, value(PROMOTIONS, promotion(**changes)), reason)


def _many_lines(count: int, **changes: Any) -> list[dict[str, Any]]:
    return [line(product_name="x", **changes) for _ in range(count)]


BYTES = (
    Poison("null value", ORDERS, None, "empty"),
    Poison("empty value", ORDERS, b"", "empty"),
    Poison("null key", ORDERS, _GOOD, None, key=None),
    Poison("2 MB", ORDERS, _HEADER + b"\0" * 2_000_000, "oversized"),
    Poison(
        "one byte too many",
        ORDERS,
        _GOOD.ljust(MAX_VALUE_BYTES + 1, b"\0"),
        "oversized",
    ),
    Poison("exactly the largest", ORDERS, _GOOD.ljust(MAX_VALUE_BYTES, b"\0"), None),
    Poison("one byte", ORDERS, b"\x03", "bad_header"),
    Poison("17 bytes of header", ORDERS, _HEADER[:17], "bad_header"),
    Poison("wrong magic byte", ORDERS, b"\x00" + _GOOD[1:], "bad_header"),
    Poison("compressed by zlib", ORDERS, _compressed(_GOOD[18:]), None),
    Poison("compressed, with bytes behind", ORDERS, _compressed(_GOOD[18:]) + b"\xff" * 9, None),
    Poison("compressed, to the largest", ORDERS, _compressed(_filled(MAX_VALUE_BYTES)), None),
    Poison("compressed, beyond it", ORDERS, _compressed(_filled(MAX_VALUE_BYTES + 1)), "oversized"),
    Poison("a bomb of 400 MB", ORDERS, _BOMB, "oversized"),
    Poison("said to be compressed", ORDERS, b"\x03\x05" + _GOOD[2:], "undecodable"),
    Poison("compressed and cut", ORDERS, _compressed(_GOOD[18:])[:-9], "undecodable"),
    Poison("compressed, of no bytes", ORDERS, _compressed(b""), "undecodable"),
    Poison("a compressed header alone", ORDERS, _compressed(b"")[:18], "undecodable"),
    Poison("compressed, not by zlib", ORDERS, b"\x03\x06" + _GOOD[2:], "bad_header"),
    Poison(
        "compressed, unknown schema id",
        ORDERS,
        b"\x03\x05" + UNKNOWN_ID.bytes + zlib.compress(_GOOD[18:]),
        "unknown_schema",
    ),
    Poison("json", ORDERS, json.dumps(order()).encode(), "bad_header"),
    Poison("truncated json", ORDERS, b'{"event_id": "0f4c8a52', "bad_header"),
    Poison("json with NaN and 1e309", ORDERS, b'{"total": NaN, "price": 1e309}', "bad_header"),
    Poison("json 10,000 deep", ORDERS, b"[" * 10_000 + b"]" * 10_000, "bad_header"),
    Poison("json with a key twice", ORDERS, b'{"total": 1, "total": 2}          ', "bad_header"),
    Poison("gzip bomb", ORDERS, gzip.compress(b"\0" * 10_000_000, mtime=0), "bad_header"),
    Poison("html", ORDERS, b"<script>alert(1)</script>", "bad_header"),
    Poison("unknown schema id", ORDERS, header(UNKNOWN_ID) + _GOOD[18:], "unknown_schema"),
    Poison("schema of another topic", ORDERS, value(CLICKS, click()), "unknown_schema"),
    Poison("header alone", ORDERS, _HEADER, "undecodable"),
    Poison("cut in the middle", ORDERS, _GOOD[: len(_GOOD) // 2], "undecodable"),
    Poison("last byte missing", ORDERS, _GOOD[:-1], "undecodable"),
    Poison("bytes after the record", ORDERS, _GOOD + b"\xff\xff\xff", None),
    Poison("all bits set", ORDERS, _HEADER + b"\xff" * 200, "undecodable"),
    Poison("all bits clear", ORDERS, _HEADER + b"\0" * 200, "invalid_event_id"),
)

AVRO = (
    Poison("parts written by hand", ORDERS, raw_order(), None),
    Poison("a text of 2 GiB claimed", ORDERS, raw_order(region=zigzag(2**31 - 1)), "undecodable"),
    Poison("a text of 8 EiB claimed", ORDERS, raw_order(region=zigzag(2**63 - 1)), "undecodable"),
    Poison("a text of negative length", ORDERS, raw_order(region=zigzag(-2)), "undecodable"),
    Poison(
        "a number of eleven bytes",
        ORDERS,
        raw_order(region=b"\x80" * 10 + b"\x01"),
        "undecodable",
    ),
    Poison("invalid UTF-8", ORDERS, raw_order(region=text(b"Eur\xffpe")), "undecodable"),
    Poison("overlong UTF-8", ORDERS, raw_order(region=text(b"\xc0\xaf")), "undecodable"),
    Poison("a lone surrogate", ORDERS, raw_order(region=text(b"\xed\xa0\x80")), "undecodable"),
    Poison("an unknown enum symbol", ORDERS, raw_order(kind=zigzag(3)), "undecodable"),
    Poison("a negative enum symbol", ORDERS, raw_order(kind=zigzag(-1)), "undecodable"),
    Poison("an unknown union branch", ORDERS, raw_order(customer=zigzag(2)), "undecodable"),
    Poison(
        "a negative union branch",
        ORDERS,
        raw_order(customer=zigzag(-1) + text(b"c-1")),
        "undecodable",
    ),
    Poison("2^31 lines claimed", ORDERS, raw_order(lines=zigzag(2**31)), "undecodable"),
    Poison("2^62 lines claimed", ORDERS, raw_order(lines=zigzag(2**62)), "undecodable"),
    Poison(
        "2^40 lines claimed by a sized block",
        ORDERS,
        raw_order(lines=zigzag(-(2**40)) + zigzag(8)),
        "undecodable",
    ),
    Poison("64 bits in an int", ORDERS, raw_order(quantity=zigzag(2**40)), "undecodable"),
)

ENVELOPE = (
    _order("event_id is no UUID", "invalid_event_id", event_id="order-1"),
    _order("event_id is empty", "invalid_event_id", event_id=""),
    _order("event_id in upper case", "invalid_event_id", event_id=EVENT_ID.upper()),
    _order("event_id and a line break", "invalid_event_id", event_id=EVENT_ID + "\n"),
    _order("event_id and U+2028", "invalid_event_id", event_id=EVENT_ID + "\u2028"),
    _order("a line break before event_id", "invalid_event_id", event_id="\n" + EVENT_ID),
    _order("no region", "missing_field", region=""),
    _order("no order_id", "missing_field", order_id=""),
    _order("no location", "missing_field", location=""),
    _order("no payment_method", "missing_field", payment_method=""),
    _click("no user_id", "missing_field", user_id=""),
    _promotion("no channel", "missing_field", channel=""),
    _order("U+0000 in location", "invalid_text", location="United\0Kingdom"),
    _order("U+0000 in customer_id", "invalid_text", customer_id="\0"),
    _order("U+0000 in a line", "invalid_text", lines=[line(), line(category="a\0b")]),
    _order(
        "U+0000 in the source",
        "invalid_text",
        source={"run": "r\0", "producer": "p", "sequence": 0},
    ),
    _order("longest location", None, location="l" * MAX_TEXT_BYTES),
    _order("location too long", "invalid_text", location="l" * (MAX_TEXT_BYTES + 1)),
    _order("few letters, many bytes", "invalid_text", location="é" * (MAX_TEXT_BYTES // 2 + 1)),
    _order("longest region", None, region="r" * MAX_REGION_BYTES),
    _order("region too long", "invalid_text", region="r" * (MAX_REGION_BYTES + 1)),
    _order("a category of 100 KB", "invalid_text", lines=[line(category="c" * 100_000)]),
    _click("a brand too long", "invalid_text", brand="b" * (MAX_TEXT_BYTES + 1)),
    _order("before 1990", "time_out_of_range", event_time=EARLIEST_EVENT_US - 1),
    _order("first moment of 1990", None, event_time=EARLIEST_EVENT_US),
    _order("year 10000", "time_out_of_range", event_time=LATEST_TIME_US),
    _order("smallest time", "time_out_of_range", event_time=-(2**63)),
    _order("largest time", "time_out_of_range", event_time=2**63 - 1),
    _order("sent before 1970", "time_out_of_range", sent_at=-1),
    _order("sent in year 10000", "time_out_of_range", sent_at=LATEST_TIME_US),
    _order("account of year 10000", "time_out_of_range", account_created_at=LATEST_TIME_US),
    _promotion("ends in year 10000", "time_out_of_range", ends_at=LATEST_TIME_US),
    _order("5 min ahead", None, event_time=APPEND_TIME + FIVE_MINUTES),
    _order("more than 5 min ahead", "future_dated", event_time=APPEND_TIME + FIVE_MINUTES + 1),
    _order("last moment of 9999", "future_dated", event_time=LATEST_TIME_US - 1),
    _order("currency in lower case", "invalid_currency", currency="gbp"),
    _order("currency and a line break", "invalid_currency", currency="GBP\n"),
    _click("no currency", "invalid_currency", currency=""),
    _click("currency in Greek capitals", "invalid_currency", currency="ΑΒΓ"),
)

DOMAIN = (
    _order("smallest total", "value_out_of_range", total=-(2**63)),
    _order("largest total", "value_out_of_range", total=2**63 - 1),
    _order("smallest quantity", "value_out_of_range", lines=[line(quantity=-(2**31))]),
    _order("quantity too large", "value_out_of_range", lines=[line(quantity=MAX_QUANTITY + 1)]),
    _order("smallest price", "value_out_of_range", lines=[line(unit_price=-(2**63))]),
    _order("price too large", "value_out_of_range", lines=[line(unit_price=MAX_UNIT_PRICE + 1)]),
    _order(
        "huge lines that cancel out",
        "value_out_of_range",
        lines=[
            line(quantity=MAX_QUANTITY, unit_price=MAX_UNIT_PRICE),
            line(quantity=-MAX_QUANTITY, unit_price=MAX_UNIT_PRICE),
        ],
        total=0,
    ),
    _order(
        "largest total that is an event",
        None,
        lines=[line(quantity=100_000, unit_price=MAX_UNIT_PRICE)],
        total=MAX_MINOR,
    ),
    _order("no lines", "no_lines", lines=[], total=0),
    _order("a line of nothing", "zero_quantity", lines=[line(), line(quantity=0)]),
    _order("negative price", "negative_price", lines=[line(unit_price=-25_500)], total=-1530),
    _order("total is wrong", "total_mismatch", total=1531),
    _order("rounds half away from zero", None, lines=[line(quantity=1, unit_price=50)], total=1),
    _order(
        "returns round half away from zero",
        None,
        kind="cancelled",
        lines=[line(quantity=-1, unit_price=50)],
        total=-1,
    ),
    _order("free", "nothing_to_pay", lines=[line(unit_price=0)], total=0),
    _order("free adjustment", None, kind="adjustment", lines=[line(unit_price=0)], total=0),
    _order("less than nothing", "nothing_to_pay", lines=[line(quantity=-6)], total=-1530),
    _order("2,000 lines", None, lines=_many_lines(2_000), total=2_000 * 1530),
    _order("two faults, first one counts", "missing_field", location="", total=1),
    _order("markup in texts", None, location="<script>alert('1')</script>", order_id="'; DROP"),
    _order("right to left and emoji", None, location="\u202eكندا 🛒"),
    _click("negative click price", "negative_price", price=-1),
    _click("smallest click price", "value_out_of_range", price=-(2**63)),
    _click("free click", None, price=0),
    _promotion("discount of nothing", "invalid_discount", discount_percent=0),
    _promotion("discount above all", "invalid_discount", discount_percent=101),
    _promotion("smallest discount", "invalid_discount", discount_percent=-(2**31)),
    _promotion("everything off", None, discount_percent=100),
    _promotion("ends when it starts", "empty_validity", ends_at=APPEND_TIME),
    _promotion("ends before it starts", "empty_validity", ends_at=APPEND_TIME - 1),
)

POISON: tuple[Poison, ...] = BYTES + AVRO + ENVELOPE + DOMAIN

"""Values that the lake must refuse: each way to break a good one, and the reason it leads to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from contracts.codec import HEADER_BYTES, decode, encode, header
from contracts.events import Event, Order
from contracts.registry import Registry
from contracts.rejections import (
    EARLIEST_EVENT_US,
    LATEST_TIME_US,
    MAX_MINOR,
    MAX_QUANTITY,
    Reason,
    Rejection,
)
from contracts.topics import Topic

# A valid id that no schema version has.
_UNKNOWN_SCHEMA = UUID("00000000-0000-4000-8000-000000000000")


@dataclass(frozen=True)
class Defect:
    """One way to break a value: by its bytes, or by its event, which is of the topic's kind."""

    reason: Reason
    of_bytes: Callable[[bytes], bytes] | None = None
    of_event: Callable[[Any], Event] | None = None


def _first_line(event: Order, **changes: Any) -> Order:
    return replace(event, lines=(replace(event.lines[0], **changes), *event.lines[1:]))


def _free(event: Order) -> Order:
    """A placed order that costs nothing and has the right total."""
    line = replace(event.lines[0], quantity=1, unit_price=0)
    return replace(event, kind="placed", lines=(line,), total=0)


_ANY: tuple[Defect, ...] = (
    Defect("empty", of_bytes=lambda _: b""),
    Defect("bad_header", of_bytes=lambda value: value[2:]),
    Defect("unknown_schema", of_bytes=lambda value: header(_UNKNOWN_SCHEMA) + value[HEADER_BYTES:]),
    Defect("undecodable", of_bytes=lambda value: value[:-1]),
    Defect("invalid_event_id", of_event=lambda e: replace(e, event_id=e.event_id.upper()[:-1])),
    Defect("missing_field", of_event=lambda e: replace(e, region="")),
    Defect("invalid_text", of_event=lambda e: replace(e, region="\0")),
    Defect("time_out_of_range", of_event=lambda e: replace(e, event_time=EARLIEST_EVENT_US - 1)),
)
_CURRENCY = Defect("invalid_currency", of_event=lambda e: replace(e, currency="pounds"))
_OF_CLICKS = (
    _CURRENCY,
    Defect("value_out_of_range", of_event=lambda e: replace(e, price=MAX_MINOR + 1)),
    Defect("negative_price", of_event=lambda e: replace(e, price=-1)),
)
_OF_ORDERS = (
    _CURRENCY,
    Defect("value_out_of_range", of_event=lambda e: _first_line(e, quantity=MAX_QUANTITY + 1)),
    Defect("no_lines", of_event=lambda e: replace(e, lines=())),
    Defect("zero_quantity", of_event=lambda e: _first_line(e, quantity=0)),
    Defect("negative_price", of_event=lambda e: _first_line(e, unit_price=-1)),
    Defect("total_mismatch", of_event=lambda e: replace(e, total=e.total + 1)),
    Defect("nothing_to_pay", of_event=_free),
)
_OF_PROMOTIONS = (
    Defect("invalid_discount", of_event=lambda e: replace(e, discount_percent=0)),
    Defect(
        "empty_validity", of_event=lambda e: replace(e, starts_at=e.ends_at, ends_at=e.starts_at)
    ),
)
# By the index of the topic in `SOURCES`. There is no `oversized`: at half a
# megabyte each, a few of them would be most of what is sent.
DEFECTS: tuple[tuple[Defect, ...], ...] = (
    _ANY + _OF_CLICKS,
    _ANY + _OF_ORDERS,
    _ANY + _OF_PROMOTIONS,
)


def broken(topic: Topic, value: bytes, defect: Defect, registry: Registry) -> bytes:
    """The good value of an event, broken so that it is rejected with the defect's reason."""
    if defect.of_bytes is not None:
        return defect.of_bytes(value)
    assert defect.of_event is not None
    event = decode(topic, value, LATEST_TIME_US, registry)
    assert not isinstance(event, Rejection)
    return encode(defect.of_event(event), registry.latest(topic.schema))

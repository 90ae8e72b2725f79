"""Events as they are on the wire: times are microseconds UTC, money is an integer.

An event's Avro record has exactly these fields; `as_record` and `from_record` convert.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from hashlib import sha1
from typing import Any, Literal, TypeAlias
from uuid import UUID

from contracts.times import MINUTE_US
from contracts.topics import ALERTS, CLICKS, ORDERS, PROMOTIONS, Topic

OrderKind = Literal["placed", "cancelled", "adjustment"]
ClickType = Literal["view", "cart", "remove_from_cart", "purchase"]
Severity = Literal["low", "medium", "high"]

CANARY = "canary"
# Region and location of an event whose source records neither. It is not `Unspecified`: a shop
# writes that of a buyer who does not say where they are, and the default rule pack suspects it.
NO_PLACE_RECORDED = "Not recorded"
# A shop's own clock may be a little ahead. An event dated further ahead goes to quarantine.
FUTURE_ALLOWANCE_US = 5 * MINUTE_US
# Events later than this are called late in reports. That never leaves a row out of a total.
LATE_AFTER_US = 15 * MINUTE_US

SIMULATED_NAMESPACE = UUID("0c7e2f0e-8f3d-5e0c-a1b5-6f7a0f4f2a01")
_REPLAYED = UUID("5b1f6d1a-2f0b-5b52-9a53-6d2a1d9b3c02")
ALERT_NAMESPACE = UUID("b0a8e7de-4c0f-5d5e-8f43-1c9c2b7a7d03")


@dataclass(frozen=True)
class Source:
    """Who sent an event: unique by (run, producer, sequence)."""

    run: str
    producer: str
    sequence: int


@dataclass(frozen=True)
class OrderLine:
    """`unit_price` is in ten-thousandths of a currency unit; returns have a `quantity` below 0."""

    product_id: str
    product_name: str
    category: str
    quantity: int
    unit_price: int


@dataclass(frozen=True)
class Order:
    """`total`, in minor units, is the sum of the line amounts (`contracts.money.line_amount`)."""

    event_id: str
    event_time: int
    sent_at: int
    region: str
    source: Source
    order_id: str
    kind: OrderKind
    customer_id: str | None
    lines: tuple[OrderLine, ...]
    total: int
    currency: str
    location: str
    payment_method: str
    device_id: str | None = None
    account_created_at: int | None = None


@dataclass(frozen=True)
class Click:
    """`price` is in minor units."""

    event_id: str
    event_time: int
    sent_at: int
    region: str
    source: Source
    event_type: ClickType
    user_id: str
    session_id: str | None
    product_id: str
    category: str
    brand: str | None
    price: int
    currency: str


@dataclass(frozen=True)
class Promotion:
    """A discount, valid in [starts_at, ends_at)."""

    event_id: str
    event_time: int
    sent_at: int
    region: str
    source: Source
    promotion_id: str
    product_id: str
    discount_percent: int
    starts_at: int
    ends_at: int
    channel: str


@dataclass(frozen=True)
class Alert:
    """A rule's suspicion; the same suspicion always has the same `alert_id`."""

    alert_id: str
    rule: str
    rule_version: int
    subject: str
    window_start: int | None
    severity: Severity
    event_time: int
    region: str
    evidence: Mapping[str, str]


Event: TypeAlias = Order | Click | Promotion | Alert

_TOPIC_OF: dict[type, Topic] = {
    Order: ORDERS,
    Click: CLICKS,
    Promotion: PROMOTIONS,
    Alert: ALERTS,
}
_EVENT_OF: dict[str, type[Any]] = {topic.name: known for known, topic in _TOPIC_OF.items()}
_RECORDS: tuple[type[Any], ...] = (*_TOPIC_OF, Source, OrderLine)
_NAMES = {known: frozenset(field.name for field in fields(known)) for known in _RECORDS}
# Annotations are texts in this module; the one of a field that may be null contains None.
_REQUIRED = {
    known: tuple(field.name for field in fields(known) if "None" not in str(field.type))
    for known in _RECORDS
}
_OPTIONAL = {known: _NAMES[known].difference(_REQUIRED[known]) for known in _RECORDS}
_ABSENT = object()


def topic_of(event: Event) -> Topic:
    return _TOPIC_OF[type(event)]


def key_of(event: Event) -> bytes:
    """The Kafka key: events of one customer, user, product or subject stay in order."""
    match event:
        case Order():
            key = event.customer_id or event.order_id
        case Click():
            key = event.user_id
        case Promotion():
            key = event.product_id
        case Alert():
            key = event.subject
    return key.encode()


def as_record(event: Event) -> dict[str, Any]:
    return asdict(event)


def from_record(topic: Topic, record: Mapping[str, Any]) -> Event:
    """The event of a decoded Avro record; TypeError if fields are missing.

    Fields that a newer schema added are left out: code that knows them ships with that schema.
    """
    known = _EVENT_OF[topic.name]
    values = _known(known, record)
    if "source" in values:
        values["source"] = Source(**_known(Source, values["source"]))
    if "lines" in values:
        values["lines"] = tuple(OrderLine(**_known(OrderLine, line)) for line in values["lines"])
    event: Event = known(**values)
    return event


def absent_fields(topic: Topic, record: Mapping[str, Any]) -> list[str]:
    """Paths of the fields that an event must have and a decoded record does not have."""
    return [path for path, known in _required(topic, record) if known is _ABSENT]


def null_fields(topic: Topic, record: Mapping[str, Any]) -> list[str]:
    """Paths of the fields that are null in a decoded record although an event needs them."""
    return [path for path, known in _required(topic, record) if known is None]


def _required(topic: Topic, record: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    parts: list[tuple[type[Any], Mapping[str, Any], str]] = [(_EVENT_OF[topic.name], record, "")]
    if topic != ALERTS:
        parts.append((Source, record.get("source") or {}, "source."))
    parts += [(OrderLine, line, "lines.") for line in record.get("lines") or ()]
    for known, part, prefix in parts:
        for name in _REQUIRED[known]:
            yield prefix + name, part.get(name, _ABSENT)


def _known(known: type[Any], record: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: record[name] for name in _NAMES[known] if name in record}
    return {name: None for name in _OPTIONAL[known]} | given


def simulated_event_id(run: str, producer: str, sequence: int) -> str:
    return _uuid5_text(SIMULATED_NAMESPACE, f"{run}/{producer}/{sequence}")


def replayed_order_id(edition: str, order_id: str, kind: OrderKind, place: int = 0) -> str:
    """The id of a replayed order: what the order says decides it, never the bytes of its file.

    `edition` is the data set, with the shift of a rebased replay and with the run that must count
    again. `place` counts, from 0, the orders of one number and one kind.
    """
    return _uuid5_text(_REPLAYED, f"{edition}/order/{kind}/{place}/{order_id}")


def replayed_click_id(edition: str, content: str, place: int) -> str:
    """The id of a replayed click. `place` counts, from 0, the rows of equal content.

    The content is the row's time in microseconds, kind, user, product, category, brand, price in
    ten-thousandths and session, as texts joined by U+001F. It names a person, so the edition holds
    a key of the vault: without the key nobody can try users until an id fits.
    """
    return _uuid5_text(_REPLAYED, f"{edition}/click/{place}/{content}")


def replayed_purchase_id(click_id: str) -> str:
    """The id of the order that a replayed click also tells of."""
    return _uuid5_text(_REPLAYED, f"{click_id}/order")


def alert_id(rule: str, rule_version: int, subject: str, window_start: int | None) -> str:
    window = "" if window_start is None else str(window_start)
    return _uuid5_text(ALERT_NAMESPACE, f"{rule}/{rule_version}/{subject}/{window}")


def _uuid5_text(namespace: UUID, name: str) -> str:
    """str(uuid5(namespace, name)) in a third of the time: a replay makes one per order."""
    digest = bytearray(sha1(namespace.bytes + name.encode(), usedforsecurity=False).digest())
    # Version 5 and the variant of RFC 9562, sections 4.1, 4.2 and 5.5.
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    text = digest.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:32]}"


def content(record: Mapping[str, Any]) -> dict[str, Any]:
    """What two copies of one event must share: all but the time of sending and the sender."""
    return {name: value for name, value in record.items() if name not in ("sent_at", "source")}

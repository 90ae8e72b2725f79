"""The orders and the clicks of the small shop of the proof's tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from contracts.events import (
    Click,
    ClickType,
    Order,
    OrderKind,
    OrderLine,
    Promotion,
    Source,
    simulated_event_id,
)

RUN = "run-1"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 1_000_000
MINUTE = 60 * SECOND


def moment(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)


def micros(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)


def money(minor: int) -> Decimal:
    return Decimal(minor).scaleb(-2)


def order(
    sequence: int,
    *,
    after: float,
    lines: Sequence[tuple[str, int, str]],
    kind: OrderKind = "placed",
    customer: str | None = "sub_a",
    location: str = "France",
    region: str = "Europe",
    producer: str = "replay",
) -> Order:
    """An order `after` seconds from the start; lines are (category, quantity, price as text)."""
    bought = tuple(
        OrderLine("p", "thing", category, quantity, int(Decimal(price).scaleb(4)))
        for category, quantity, price in lines
    )
    at = micros(START) + int(after * SECOND)
    return Order(
        event_id=simulated_event_id(RUN, producer, sequence),
        event_time=at,
        sent_at=at,
        region=region,
        source=Source(RUN, producer, sequence),
        order_id=f"o{sequence}",
        kind=kind,
        customer_id=customer,
        lines=bought,
        total=sum(amount(line) for line in bought),
        currency="GBP",
        location=location,
        payment_method="card",
    )


def amount(line: OrderLine) -> int:
    exact = Decimal(line.quantity) * Decimal(line.unit_price).scaleb(-4)
    return int(exact.quantize(Decimal("0.01"), ROUND_HALF_UP).scaleb(2))


ORDERS = (
    order(0, after=5, lines=[("bags", 3, "2.55"), ("lamps", 1, "0.005")]),
    order(1, after=20, lines=[("bags", 1, "12.00")], customer="sub_b"),
    order(2, after=45, lines=[("lamps", 600, "2.10")], customer=None),
    order(3, after=50, lines=[("bags", -1, "2.55")], kind="cancelled"),
    order(4, after=61, lines=[("fees", 1, "0.00")], kind="adjustment", customer=None),
    order(5, after=70, lines=[("bags", 2, "1.00")], location="Unspecified", region="Elsewhere"),
    order(6, after=75, lines=[("bags", 9, "999.00")], producer="canary"),
    order(7, after=3_600, lines=[("bags", 1, "3.00"), ("bags", 2, "0.333")], customer="sub_b"),
)


# A visit of two products that ends in a purchase, and one look after a pause of the gap.
CLICKS: tuple[tuple[float, ClickType, str, int], ...] = (
    (0, "view", "p-1", 250),
    (10, "cart", "p-1", 250),
    (12, "remove_from_cart", "p-1", 250),
    (20, "purchase", "p-2", 999),
    (50, "view", "p-2", 999),
)


def click(number: int) -> Click:
    minute, kind, product, price = CLICKS[number]
    at = micros(START) + round(minute * MINUTE)
    return Click(
        event_id=simulated_event_id("run-1", "visits", number),
        event_time=at,
        sent_at=at,
        region="Europe",
        source=Source("run-1", "visits", number),
        event_type=kind,
        user_id="sub_a",
        session_id=None,
        product_id=product,
        category="Toys",
        brand=None,
        price=price,
        currency="GBP",
    )


def promotion() -> Promotion:
    at = micros(START)
    return Promotion(
        event_id=simulated_event_id("run-1", "promotions", 0),
        event_time=at,
        sent_at=at,
        region="Europe",
        source=Source("run-1", "promotions", 0),
        promotion_id="half",
        product_id="p-1",
        discount_percent=50,
        starts_at=at,
        ends_at=at + 24 * 60 * MINUTE,
        channel="email",
    )

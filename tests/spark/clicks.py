"""Clicks for the questions' tests."""

from __future__ import annotations

from uuid import UUID

from contracts.events import Click, ClickType, Source

NOON = 1_772_366_400_000_000
MINUTE = 60_000_000


def click(
    number: int,
    minute: float,
    *,
    user: str = "u-1",
    product: str = "p-1",
    kind: ClickType = "view",
    price: int = 250,
    currency: str = "EUR",
    category: str = "Toys",
    producer: str = "test",
) -> Click:
    """Click `number`, some minutes after noon of 1 March 2026."""
    at = NOON + round(minute * MINUTE)
    return Click(
        event_id=str(UUID(int=number)),
        event_time=at,
        sent_at=at,
        region="Europe",
        source=Source("run", producer, number),
        event_type=kind,
        user_id=user,
        session_id=None,
        product_id=product,
        category=category,
        brand=None,
        price=price,
        currency=currency,
    )

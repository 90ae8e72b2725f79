"""Orders for tests of questions: one is complete, a test changes what it is about."""

from __future__ import annotations

from itertools import count
from typing import Any

from contracts.events import Order, OrderLine, Source, simulated_event_id
from contracts.money import line_amount

MINUTE = 60_000_000
# A window starts here: 2023-11-14T22:13:00Z.
NOON = 1_699_999_980_000_000
_numbers = count(1)


def line(category: str = "Toys", quantity: int = 1, unit_price: int = 100_000) -> OrderLine:
    """Ten currency units' worth of something."""
    return OrderLine(f"p-{category}", "a product", category, quantity, unit_price)


def order(*lines: OrderLine, **changes: Any) -> Order:
    """A placed order of these lines, or of one; its total is theirs."""
    bought = lines or (line(),)
    number = next(_numbers)
    fields: dict[str, Any] = {
        "event_id": simulated_event_id("run-1", "tests", number),
        "event_time": NOON,
        "sent_at": NOON,
        "region": "Europe",
        "source": Source("run-1", "tests", number),
        "order_id": f"o-{number}",
        "kind": "placed",
        "customer_id": "c-1",
        "lines": bought,
        "total": sum(line_amount(each.quantity, each.unit_price) for each in bought),
        "currency": "GBP",
        "location": "United Kingdom",
        "payment_method": "card",
    }
    return Order(**(fields | changes))

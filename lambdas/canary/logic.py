"""The canary's order: pure."""

from __future__ import annotations

from datetime import datetime

from contracts.events import CANARY, Order, OrderLine, Source, simulated_event_id
from contracts.times import micros_of

# It costs the smallest amount there is, and no answer counts it.
_LINE = OrderLine("canary", "canary", "canary", 1, 100)


def canary_order(run: str, at: datetime) -> Order:
    """One order. The name of its producer keeps it out of every total."""
    microseconds = micros_of(at)
    return Order(
        event_id=simulated_event_id(run, CANARY, 0),
        event_time=microseconds,
        sent_at=microseconds,
        region="canary",
        source=Source(run, CANARY, 0),
        order_id=f"canary-{run}",
        kind="placed",
        customer_id=None,
        lines=(_LINE,),
        total=1,
        currency="EUR",
        location="canary",
        payment_method="canary",
    )

"""One order through the whole platform.

Input: a schedule's event with its id. Answer: how long the order took.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambdas.canary.logic import canary_order
from lambdas.canary.wiring import CanarySettings, arrives, send
from lambdas.database import connect
from lambdas.process import now, publish


class Lost(Exception):
    """The order was acknowledged, but did not reach Postgres in time."""


def handle(event: Mapping[str, Any], _context: object) -> dict[str, float]:
    """Send an order named after the event and wait for it. Raises Lost when it does not arrive."""
    settings = CanarySettings.from_environment()
    start = now()
    order = canary_order(str(event["id"]), start)
    send(order, settings)
    with connect(settings.postgres) as connection:
        if not arrives(connection, order.event_id, settings.patience_seconds):
            raise Lost(
                f"order {order.event_id} was sent at {start.isoformat()} and is not in Postgres "
                f"after {settings.patience_seconds:.0f} s"
            )
    end = now()
    seconds = (end - start).total_seconds()
    publish("orders", {"canary_seconds": seconds}, end)
    return {"seconds": seconds}

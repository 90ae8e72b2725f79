"""The canary's order is one that the platform takes, and counts nowhere."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg

from contracts.codec import decode, encode
from contracts.events import CANARY, Order
from contracts.registry.opening import open_registry
from contracts.topics import ORDERS
from lambdas.canary.logic import canary_order
from lambdas.canary.wiring import arrives
from lambdas.database import connect

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)


def test_its_order_is_valid_and_known_as_a_canary() -> None:
    registry = open_registry("bundled")
    order = canary_order("event-1", NOW)
    value = encode(order, registry.latest(ORDERS.schema))
    read = decode(ORDERS, value, int(NOW.timestamp() * 1_000_000), registry)
    assert isinstance(read, Order)
    assert read == order
    assert read.source.producer == CANARY


def test_an_event_delivered_again_is_the_same_order() -> None:
    one, other = canary_order("event-1", NOW), canary_order("event-2", NOW)
    assert one.event_id == canary_order("event-1", NOW).event_id
    assert one.event_id != other.event_id


def test_it_waits_until_the_order_is_there(postgres: str) -> None:
    order = canary_order("event-1", NOW)
    with connect(postgres) as connection:
        assert not arrives(connection, order.event_id, patience_seconds=0.2)
        with psycopg.connect(postgres) as jobs:
            jobs.execute(
                "INSERT INTO orders VALUES "
                "(%s, 'o', 'placed', NULL, 0.01, 'EUR', 'x', now(), now(), 0, 0, true)",
                (order.event_id,),
            )
        assert arrives(connection, order.event_id, patience_seconds=5)

"""Orders of one line for benchmarks; each number always makes the same order."""

from __future__ import annotations

from confluent_kafka import Producer

from contracts.codec import encode
from contracts.events import Order, OrderLine, Source, key_of, simulated_event_id
from contracts.registry.opening import open_registry
from contracts.topics import ORDERS

# 2026-01-01T00:00:00Z; 2,000 orders in each second of event time.
FIRST_US = 1_767_225_600_000_000
_EVERY_US = 500
_CATEGORIES = ("bags", "lights", "kitchen", "garden", "toys", "paper", "jewellery", "other")
# At this rate each customer orders once in six minutes. With more orders all would be fraud.
_CUSTOMERS = 700_001
_LOCATIONS = ("United Kingdom", "Germany", "France", "Spain", "Norway")


def order(number: int) -> Order:
    """The order with this number; about 90 bytes on the wire."""
    price = 10_000 + number % 977 * 1_000
    customer = number * 7919 % _CUSTOMERS
    return Order(
        event_id=simulated_event_id("bench", "bench", number),
        event_time=FIRST_US + number * _EVERY_US,
        sent_at=FIRST_US,
        region="europe",
        source=Source("bench", "bench", number),
        order_id=f"o{number}",
        kind="placed",
        customer_id=f"c{customer}",
        lines=(OrderLine(f"p{number % 500}", "product", _CATEGORIES[number % 8], 1, price),),
        total=price // 100,
        currency="GBP",
        location=_LOCATIONS[customer % 5],
        payment_method="card",
    )


class OrderSender:
    """Sends orders by number and returns when all are acknowledged."""

    def __init__(self, bootstrap_servers: str) -> None:
        self._schema = open_registry("bundled").latest(ORDERS.schema)
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap_servers,
                "enable.idempotence": True,
                "compression.type": "lz4",
                "linger.ms": 5,
            }
        )

    def send(self, numbers: range) -> None:
        for number in numbers:
            made = order(number)
            while True:
                try:
                    value = encode(made, self._schema)
                    self._producer.produce(ORDERS.name, value, key_of(made))
                    break
                except BufferError:
                    self._producer.poll(0.1)
        if self._producer.flush(60):
            raise SystemExit("the broker did not acknowledge the orders")

"""A load: events a second, and what follows from it for topics, batches and bytes of a month."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from contracts.topics import ALERTS, CLICKS, ORDERS, PROMOTIONS, Topic
from ops.commands.cost import assumptions as given

GB = Decimal(10**9)
MILLION = Decimal(10**6)
SECONDS = given.HOURS.value * 3600
DAYS = given.HOURS.value / 24


@dataclass(frozen=True)
class Load:
    """A steady load of clicks, orders and promotions."""

    name: str
    events_per_second: int

    def rate(self, topic: Topic) -> Decimal:
        """Records a second."""
        events = Decimal(self.events_per_second)
        orders = events * given.ORDERS.value
        return {
            CLICKS.name: events * given.CLICKS.value,
            ORDERS.name: orders,
            PROMOTIONS.name: events * given.PROMOTIONS.value,
            ALERTS.name: orders * given.ALERTS.value,
        }[topic.name]

    def gigabytes(self, *topics: Topic) -> Decimal:
        """GB written to the topics in a month."""
        sizes = {ALERTS.name: given.ALERT_BYTES.value}
        return sum(
            (
                self.rate(topic) * sizes.get(topic.name, given.EVENT_BYTES.value) * SECONDS / GB
                for topic in topics
            ),
            Decimal(0),
        )


LOADS = {load.name: load for load in (Load("low", 100), Load("base", 1_000), Load("high", 10_000))}


def batches(trigger: int) -> Decimal:
    """Batches of a month when one begins every `trigger` seconds."""
    return SECONDS / trigger

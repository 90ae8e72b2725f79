"""The four topics: key, partitions, retention, and the schema family that fills them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Topic:
    """One Kafka topic. With three or more brokers it has 3 replicas, of which 2 must be in sync."""

    name: str
    schema: str
    key: str
    laptop_partitions: int
    cloud_partitions: int
    retention: timedelta

    @property
    def configuration(self) -> dict[str, str]:
        """Kafka's settings of the topic, the same wherever it is created."""
        return {
            "message.timestamp.type": "LogAppendTime",
            "retention.ms": str(int(self.retention.total_seconds() * 1000)),
        }

    def replication(self, brokers: int) -> int:
        return min(3, brokers)

    def min_in_sync(self, brokers: int) -> int:
        return 2 if self.replication(brokers) == 3 else 1


CLICKS = Topic("ecommerce-clicks", "clicks", "user_id", 6, 24, timedelta(days=7))
ORDERS = Topic("ecommerce-orders", "orders", "customer_id, else order_id", 3, 12, timedelta(days=7))
PROMOTIONS = Topic("ecommerce-promotions", "promotions", "product_id", 3, 3, timedelta(days=7))
ALERTS = Topic("ecommerce-alerts", "alerts", "subject", 3, 3, timedelta(days=3))

SOURCES: tuple[Topic, ...] = (CLICKS, ORDERS, PROMOTIONS)
TOPICS: tuple[Topic, ...] = (*SOURCES, ALERTS)


def topic(name: str) -> Topic:
    """The topic called `name`; KeyError, which lists the known names, if there is none."""
    known = {each.name: each for each in TOPICS}
    if name not in known:
        raise KeyError(f"no topic {name!r}; known: {', '.join(known)}")
    return known[name]

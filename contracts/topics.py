"""The four topics: key, partitions, retention, and the schema family that fills them."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

# The time of a record is that of its append, as the broker has it.
TIMESTAMP_TYPE = "LogAppendTime"
_UUID_CHARACTERS = 36


@dataclass(frozen=True)
class Topic:
    """One Kafka topic."""

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
            "message.timestamp.type": TIMESTAMP_TYPE,
            "retention.ms": str(int(self.retention.total_seconds() * 1000)),
        }


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


def replicas(brokers: int) -> int:
    """How many brokers hold each partition: 3, or all where there are fewer."""
    return min(3, brokers)


def min_in_sync(brokers: int) -> int:
    """How many replicas must have an event before it is acknowledged."""
    return 2 if replicas(brokers) == 3 else 1


def topic_id_text(topic_id: str) -> str:
    """A topic's id as a UUID in small letters, which the lake and the progress hold. Some clients
    print it so, and others in one of the two alphabets of base 64 without padding."""
    if len(topic_id) == _UUID_CHARACTERS:
        return topic_id.lower()
    try:
        return str(UUID(bytes=urlsafe_b64decode(topic_id + "==")))
    except ValueError:
        return topic_id

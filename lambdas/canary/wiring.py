"""The canary's Kafka and Postgres."""

from __future__ import annotations

import time
from dataclasses import dataclass

from kafka import KafkaProducer

from contracts.codec import encode
from contracts.events import Order, key_of
from contracts.topics import ORDERS
from lambdas.database import Connection
from lambdas.kafka_brokers import brokers_of
from lambdas.process import environment
from lambdas.schemas import registry

_LOOK_EVERY_SECONDS = 0.5
_ACKNOWLEDGED_SECONDS = 30


@dataclass(frozen=True)
class CanarySettings:
    """`kafka` is the ARN of a cluster, or ``broker:port`` of one without IAM."""

    kafka: str
    registry: str
    postgres: str
    patience_seconds: float

    @classmethod
    def from_environment(cls) -> CanarySettings:
        given = environment()
        return cls(
            given["KAFKA"],
            given["REGISTRY"],
            given["POSTGRES_URL"],
            float(given["PATIENCE_SECONDS"]),
        )


def send(order: Order, settings: CanarySettings) -> None:
    """Return when the brokers have the order; raises KafkaError when they do not take it."""
    value = encode(order, registry(settings.registry).latest(ORDERS.schema))
    producer = KafkaProducer(**_connection(settings.kafka), acks="all", enable_idempotence=True)
    try:
        sent = producer.send(ORDERS.name, key=key_of(order), value=value)
        sent.get(timeout=_ACKNOWLEDGED_SECONDS)
    finally:
        producer.close()


def arrives(connection: Connection, event_id: str, patience_seconds: float) -> bool:
    """Wait until the order is in Postgres. False if it is not there in time."""
    until = time.monotonic() + patience_seconds
    while time.monotonic() < until:
        known = connection.execute("SELECT 1 FROM orders WHERE event_id = %s", (event_id,))
        if known.fetchone():
            return True
        time.sleep(_LOOK_EVERY_SECONDS)
    return False


def _connection(kafka: str) -> dict[str, str]:
    if not kafka.startswith("arn:"):
        return {"bootstrap_servers": kafka}
    return {
        "bootstrap_servers": brokers_of(kafka),
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "AWS_MSK_IAM",
    }

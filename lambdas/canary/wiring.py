"""The canary's Kafka and Postgres."""

from __future__ import annotations

import time

from kafka import KafkaProducer

from contracts.codec import encode
from contracts.events import Order, key_of
from contracts.registry import Registry
from contracts.topics import ORDERS
from lambdas.database import Connection
from lambdas.kafka_brokers import way_in

_LOOK_EVERY_SECONDS = 0.5
_ACKNOWLEDGED_SECONDS = 30


def send(order: Order, kafka: str, schemas: Registry) -> None:
    """Return when the brokers have the order; raises KafkaError when they do not take it. `kafka`
    is the ARN of a cluster, or ``broker:port`` of one without IAM."""
    value = encode(order, schemas.latest(ORDERS.schema))
    servers, sign_in = way_in(kafka)
    producer = KafkaProducer(
        bootstrap_servers=servers, acks="all", enable_idempotence=True, **sign_in
    )
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

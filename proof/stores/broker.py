"""What Kafka holds: partitions with their offsets, and the alerts that were sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb
from kafka import KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from contracts.codec import decode_record
from contracts.errors import NotReady
from contracts.registry import Registry
from contracts.rejections import Rejection
from contracts.topics import ALERTS, TOPICS
from proof.filling import fill
from proof.stores.ledger_files import topic_id_text

_POLL_MS = 1_000
_READ_DEADLINE_POLLS = 60


@dataclass(frozen=True, order=True)
class Partition:
    """One partition of a topic that exists now; offsets [low, high) can be read."""

    topic: str
    topic_id: str
    partition: int
    low: int
    high: int


class Broker:
    """Reads a broker; a context manager."""

    def __init__(self, bootstrap_servers: str) -> None:
        servers = bootstrap_servers.split(",")
        try:
            self._admin = KafkaAdminClient(bootstrap_servers=servers)
            self._consumer = KafkaConsumer(
                bootstrap_servers=servers, enable_auto_commit=False, group_id=None
            )
        except KafkaError as problem:
            raise NotReady(
                f"Kafka does not answer at {bootstrap_servers}: {problem}",
                cause="the broker is starting, or it stopped",
                command="shopstream status",
            ) from problem

    def __enter__(self) -> Broker:
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.close()
        self._admin.close()

    def cluster_id(self) -> str:
        return str(self._admin.describe_cluster()["cluster_id"])

    def partitions(self) -> tuple[Partition, ...]:
        """Every partition of our topics, in order; none of a topic that does not exist."""
        existing = set(self._admin.list_topics())
        wanted = [topic.name for topic in TOPICS if topic.name in existing]
        if not wanted:
            return ()
        described: list[dict[str, Any]] = self._admin.describe_topics(wanted)
        ids = {
            TopicPartition(topic["name"], int(part["partition_index"])): str(topic["topic_id"])
            for topic in described
            for part in topic["partitions"]
        }
        low = self._consumer.beginning_offsets(list(ids))
        high = self._consumer.end_offsets(list(ids))
        return tuple(
            sorted(
                Partition(
                    place.topic, topic_id_text(ids[place]), place.partition, low[place], high[place]
                )
                for place in ids
            )
        )

    def load(
        self,
        connection: duckdb.DuckDBPyConnection,
        registry: Registry,
        partitions: tuple[Partition, ...],
    ) -> None:
        """Fill ``broker.partitions``, and ``broker.alerts`` with the ids in the alerts topic."""
        fill(
            connection,
            "broker.partitions",
            [(p.topic, p.topic_id, p.partition, p.low, p.high) for p in partitions],
        )
        alerts = [p for p in partitions if p.topic == ALERTS.name and p.low < p.high]
        if alerts:
            fill(connection, "broker.alerts", self._alerts(registry, alerts))

    def _alerts(
        self, registry: Registry, partitions: list[Partition]
    ) -> Iterator[tuple[object, ...]]:
        ends = {TopicPartition(p.topic, p.partition): p.high for p in partitions}
        self._consumer.assign(list(ends))
        for p in partitions:
            self._consumer.seek(TopicPartition(p.topic, p.partition), p.low)
        silent = 0
        while any(self._consumer.position(place) < end for place, end in ends.items()):
            polled = self._consumer.poll(timeout_ms=_POLL_MS)
            silent = 0 if polled else silent + 1
            if silent > _READ_DEADLINE_POLLS:
                raise NotReady(
                    f"the topic {ALERTS.name} cannot be read to its end",
                    cause="the broker stopped answering",
                    command="shopstream status",
                )
            for records in polled.values():
                for record in records:
                    found = decode_record(ALERTS, record.value, registry)
                    identity = (
                        f"unreadable: {found.reason}"
                        if isinstance(found, Rejection)
                        else found["alert_id"]
                    )
                    yield record.partition, record.offset, identity

"""The stack's Kafka as the commands see it: opened with clear errors, described in plain values."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import (
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    NodeNotReadyError,
)

from contracts.errors import NotReady, ShopstreamError

CONNECT_MS = 10_000
# Kafka's own topics; nobody's to look at or to delete.
INTERNAL = "__"
_SILENT = (KafkaConnectionError, KafkaTimeoutError, NodeNotReadyError)


@dataclass(frozen=True)
class PartitionDetails:
    """Offsets [earliest, latest) can be read."""

    partition: int
    leader: int
    replicas: tuple[int, ...]
    in_sync: tuple[int, ...]
    earliest: int
    latest: int


@dataclass(frozen=True)
class TopicDetails:
    """A topic as the brokers hold it; `retention_ms` -1 keeps everything."""

    name: str
    topic_id: str
    retention_ms: int
    timestamp_type: str
    min_in_sync: int
    partitions: tuple[PartitionDetails, ...]

    @property
    def messages(self) -> int:
        """Offsets that can be read: the messages, where nothing is compacted or transactional."""
        return sum(one.latest - one.earliest for one in self.partitions)


@contextmanager
def open_admin(bootstrap_servers: str) -> Iterator[KafkaAdminClient]:
    """An admin client; NotReady when no broker answers, also later while it is used."""
    with _clear_errors(bootstrap_servers):
        admin = KafkaAdminClient(
            bootstrap_servers=bootstrap_servers.split(","), bootstrap_timeout_ms=CONNECT_MS
        )
        try:
            yield admin
        finally:
            admin.close()


@contextmanager
def open_consumer(bootstrap_servers: str) -> Iterator[KafkaConsumer]:
    """A consumer without a group, which commits nothing; NotReady when no broker answers."""
    with _clear_errors(bootstrap_servers):
        consumer = KafkaConsumer(
            bootstrap_servers=bootstrap_servers.split(","),
            bootstrap_timeout_ms=CONNECT_MS,
            group_id=None,
            enable_auto_commit=False,
            fetch_max_wait_ms=200,
        )
        try:
            yield consumer
        finally:
            consumer.close()


@contextmanager
def _clear_errors(bootstrap_servers: str) -> Iterator[None]:
    # The client tells of every attempt by itself; what matters is told by the error below.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    try:
        yield
    except _SILENT as problem:
        raise NotReady(
            f"Kafka does not answer at {bootstrap_servers}",
            cause="the broker is starting, stopping or was given up",
            command="shopstream status",
        ) from problem
    except KafkaError as problem:
        raise ShopstreamError(
            f"Kafka refused: {problem}",
            cause="the topic or its partitions changed at this moment, or a broker is failing",
            command="shopstream logs kafka-1",
        ) from problem


def describe(admin: KafkaAdminClient, names: Sequence[str] | None = None) -> list[TopicDetails]:
    """The topics called `names` that exist, or all that are not Kafka's own, by name."""
    found = [
        topic
        for topic in admin.describe_topics(list(names) if names is not None else None)
        if not topic["error_code"] and not topic["is_internal"]
    ]
    if not found:
        return []
    earliest = _offsets(admin, found, -2)
    latest = _offsets(admin, found, -1)
    configs = _configs(admin, [topic["name"] for topic in found])
    return [
        TopicDetails(
            name=topic["name"],
            topic_id=str(topic["topic_id"]),
            retention_ms=int(configs[topic["name"]]["retention.ms"]),
            timestamp_type=configs[topic["name"]]["message.timestamp.type"],
            min_in_sync=int(configs[topic["name"]]["min.insync.replicas"]),
            partitions=tuple(
                PartitionDetails(
                    partition=one["partition_index"],
                    leader=one["leader_id"],
                    replicas=tuple(one["replica_nodes"]),
                    in_sync=tuple(one["isr_nodes"]),
                    earliest=earliest.get((topic["name"], one["partition_index"]), 0),
                    latest=latest.get((topic["name"], one["partition_index"]), 0),
                )
                for one in sorted(topic["partitions"], key=lambda one: one["partition_index"])
            ),
        )
        for topic in sorted(found, key=lambda topic: topic["name"])
    ]


def _offsets(
    admin: KafkaAdminClient, topics: Sequence[dict[str, Any]], spec: int
) -> dict[tuple[str, int], int]:
    """Offsets by (topic, partition); a partition without a leader cannot be asked."""
    wanted = {
        TopicPartition(topic["name"], one["partition_index"]): spec
        for topic in topics
        for one in topic["partitions"]
        if one["leader_id"] >= 0
    }
    answers = admin.list_partition_offsets(wanted) if wanted else {}
    return {(place.topic, place.partition): found.offset for place, found in answers.items()}


def _configs(admin: KafkaAdminClient, names: Sequence[str]) -> dict[str, dict[str, str]]:
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    answer = admin.describe_configs(resources, config_filter="all")["topic"]
    return {
        name: {key: str(entry["value"]) for key, entry in answer[name].items()} for name in names
    }

"""The stack's Kafka: opened with clear errors, described in plain values, read up to an offset."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from math import inf
from types import MappingProxyType
from typing import Any

from kafka import IsolationLevel, KafkaConsumer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import (
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    NodeNotReadyError,
)

from contracts.errors import NotReady, ShopstreamError, Usage
from contracts.topics import topic_id_text

CONNECT_MS = 10_000
POLL_MS = 500
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


@dataclass(frozen=True, order=True)
class PartitionOffsets:
    """One partition of a topic that exists now. It holds the offsets [low, high); those from
    `stable` on wait for a transaction that is open."""

    topic: str
    topic_id: str
    partition: int
    low: int
    stable: int
    high: int


@contextmanager
def open_admin(bootstrap_servers: str) -> Iterator[KafkaAdminClient]:
    """An admin client; NotReady when no broker answers, also later while it is used."""
    with _clear_errors(bootstrap_servers):
        admin = KafkaAdminClient(
            bootstrap_servers=bootstrap_servers.split(","), bootstrap_timeout_ms=CONNECT_MS
        )
        with closing(admin):
            yield admin


@contextmanager
def open_consumer(
    bootstrap_servers: str,
    *,
    uncommitted: bool = False,
    sign_in: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[KafkaConsumer]:
    """A consumer without a group, which commits nothing and, unless `uncommitted`, is given no
    record of an aborted or open transaction; NotReady when no broker answers. `sign_in` are options
    of the client."""
    with _clear_errors(bootstrap_servers):
        consumer = KafkaConsumer(
            bootstrap_servers=bootstrap_servers.split(","),
            bootstrap_timeout_ms=CONNECT_MS,
            group_id=None,
            enable_auto_commit=False,
            isolation_level="read_uncommitted" if uncommitted else "read_committed",
            fetch_max_wait_ms=200,
            **sign_in,
        )
        with closing(consumer):
            yield consumer


@contextmanager
def _clear_errors(bootstrap_servers: str) -> Iterator[None]:
    # The client logs every attempt by itself; the error below says what matters.
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


def require_topic(known: Iterable[str], name: str) -> None:
    """Usage with the topics of `known` that are not Kafka's own, unless `name` is one of them."""
    names = sorted(each for each in known if not each.startswith(INTERNAL))
    if name not in names:
        raise Usage(
            f"there is no topic {name!r}; known: {', '.join(names) or 'none'}",
            command="shopstream topics list",
        )


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


def partition_offsets(
    admin: KafkaAdminClient, names: Sequence[str]
) -> tuple[PartitionOffsets, ...]:
    """Every partition of the topics called `names`, in order; none of a topic that is not there."""
    existing = set(admin.list_topics())
    wanted = [name for name in names if name in existing]
    ids = {
        TopicPartition(topic["name"], int(part["partition_index"])): str(topic["topic_id"])
        for topic in (admin.describe_topics(wanted) if wanted else [])
        for part in topic["partitions"]
    }
    if not ids:
        return ()
    low, high = (admin.list_partition_offsets(dict.fromkeys(ids, each)) for each in (-2, -1))
    stable = admin.list_partition_offsets(
        dict.fromkeys(ids, -1), isolation_level=IsolationLevel.READ_COMMITTED
    )
    return tuple(
        sorted(
            PartitionOffsets(
                each.topic,
                topic_id_text(ids[each]),
                each.partition,
                low[each].offset,
                stable[each].offset,
                high[each].offset,
            )
            for each in ids
        )
    )


def read_until(
    consumer: KafkaConsumer, ends: Mapping[TopicPartition, int], silent_polls: float = inf
) -> Iterator[Any]:
    """The records of the assigned partitions below `ends`; what lies beyond stays to be read.
    NotReady when that many polls of POLL_MS in a row bring nothing."""
    silent = 0
    while any(consumer.position(each) < end for each, end in ends.items()):
        polled = consumer.poll(timeout_ms=POLL_MS)
        silent = 0 if polled else silent + 1
        if silent > silent_polls:
            raise NotReady(
                f"{', '.join(sorted({each.topic for each in ends}))} cannot be read to the end",
                cause="the broker stopped answering",
                command="shopstream status",
            )
        for each, records in polled.items():
            below = [record for record in records if record.offset < ends[each]]
            yield from below
            if len(below) < len(records):
                consumer.seek(each, ends[each])


def compacted(admin: KafkaAdminClient, names: Sequence[str]) -> set[str]:
    """Those of the topics from which Kafka drops records in the middle."""
    configs = _configs(admin, names) if names else {}
    return {name for name, own in configs.items() if "compact" in own["cleanup.policy"]}


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
    return {(each.topic, each.partition): found.offset for each, found in answers.items()}


def _configs(admin: KafkaAdminClient, names: Sequence[str]) -> dict[str, dict[str, str]]:
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    answer = admin.describe_configs(resources, config_filter="all")["topic"]
    return {
        name: {key: str(entry["value"]) for key, entry in answer[name].items()} for name in names
    }

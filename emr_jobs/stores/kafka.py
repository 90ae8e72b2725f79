"""Kafka as the jobs see it: Spark's source, and a small client for what Spark does not do."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
from kafka import IsolationLevel, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError, UnknownTopicOrPartitionError
from kafka.structs import OffsetAndMetadata
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from contracts.applications import KafkaAuth
from emr_jobs.kernel.errors import TopicReplaced

logger = logging.getLogger(__name__)

_EARLIEST = -2
_LATEST = -1
_SPARK_AUTH: dict[KafkaAuth, dict[str, str]] = {
    "none": {},
    "msk-iam": {
        "kafka.security.protocol": "SASL_SSL",
        "kafka.sasl.mechanism": "AWS_MSK_IAM",
        "kafka.sasl.jaas.config": "software.amazon.msk.auth.iam.IAMLoginModule required;",
        "kafka.sasl.client.callback.handler.class": (
            "software.amazon.msk.auth.iam.IAMClientCallbackHandler"
        ),
    },
}
_CLIENT_AUTH: dict[KafkaAuth, dict[str, str]] = {
    "none": {},
    "msk-iam": {"security_protocol": "SASL_SSL", "sasl_mechanism": "AWS_MSK_IAM"},
}


@dataclass(frozen=True)
class KafkaEndpoint:
    """Where the brokers are and how to be let in."""

    bootstrap_servers: str
    auth: KafkaAuth


def stream(
    spark: SparkSession,
    endpoint: KafkaEndpoint,
    *,
    starting_offsets: Mapping[str, Mapping[int, int]],
    group_prefix: str,
    max_offsets: int,
) -> DataFrame:
    """The records of the topics named in `starting_offsets`, from there on; used only without a
    checkpoint. Fails when Kafka no longer has an offset it should read (`failOnDataLoss`)."""
    options = {
        # Spark then takes the last stable offset for a partition's end: no batch waits for a
        # transaction that is open.
        "kafka.isolation.level": "read_committed",
        # A reader asks for a partition's newest offset behind the fetch it has just sent ahead,
        # and the broker answers a connection in turn: with Kafka's 500 ms every small batch waits
        # that long for rows that have not been written (0.85 s per batch against 0.44 s).
        "kafka.fetch.max.wait.ms": "20",
        "kafka.bootstrap.servers": endpoint.bootstrap_servers,
        "subscribe": ",".join(sorted(starting_offsets)),
        "startingOffsets": json.dumps({t: dict(ps) for t, ps in starting_offsets.items()}),
        "failOnDataLoss": "true",
        "groupIdPrefix": group_prefix,
        "maxOffsetsPerTrigger": str(max_offsets),
        **_SPARK_AUTH[endpoint.auth],
    }
    return spark.readStream.format("kafka").options(**options).load()


def empty_record(spark: SparkSession, topic: str, timestamp: datetime) -> DataFrame:
    """A record of no bytes, with the columns of `stream`."""
    columns = {
        "key": pa.array([None], pa.binary()),
        "value": pa.array([b""], pa.binary()),
        "topic": pa.array([topic], pa.string()),
        "partition": pa.array([0], pa.int32()),
        "offset": pa.array([0], pa.int64()),
        "timestamp": pa.array([timestamp], pa.timestamp("us", "UTC")),
        "timestampType": pa.array([0], pa.int32()),
    }
    return spark.createDataFrame(pa.table(columns))


def record_columns(topic_ids: Mapping[str, str], cluster_id: str) -> tuple[Column, ...]:
    """Spark's Kafka columns as the lake names them: topic, topic_id, cluster_id, partition, offset,
    append_time, key, value."""
    ids = F.create_map(*[F.lit(part) for pair in sorted(topic_ids.items()) for part in pair])
    return (
        F.col("topic"),
        ids[F.col("topic")].alias("topic_id"),
        F.lit(cluster_id).alias("cluster_id"),
        F.col("partition"),
        F.col("offset"),
        F.col("timestamp").alias("append_time"),
        F.col("key"),
        F.col("value"),
    )


class KafkaClient:
    """Topic ids, offsets and the few messages the jobs send themselves."""

    def __init__(self, endpoint: KafkaEndpoint) -> None:
        self._options: dict[str, Any] = {
            "bootstrap_servers": endpoint.bootstrap_servers.split(","),
            **_CLIENT_AUTH[endpoint.auth],
        }
        self._admin = KafkaAdminClient(**self._options)
        self._producer: KafkaProducer | None = None

    def cluster_id(self) -> str:
        return str(self._admin.describe_cluster()["cluster_id"])

    def topic_ids(self, topics: Iterable[str]) -> dict[str, str]:
        """The broker's id of each topic; TopicReplaced when one does not exist (any more)."""
        wanted = sorted(topics)
        try:
            described = self._admin.describe_topics(wanted)
        except UnknownTopicOrPartitionError as error:
            raise TopicReplaced(f"a topic of {wanted} does not exist (any more)") from error
        found = {}
        for topic in described:
            if topic.get("error_code"):
                raise TopicReplaced(
                    f"topic {topic['name']} does not exist (any more): make it with "
                    "`shopstream topics create`, or bring the deleted one back"
                )
            found[topic["name"]] = str(topic["topic_id"])
        return found

    def earliest_offsets(self, topics: Iterable[str]) -> dict[str, dict[int, int]]:
        return self._offsets(topics, _EARLIEST)

    def end_offsets(self, topics: Iterable[str]) -> dict[str, dict[int, int]]:
        """Where each partition ends; the last of its records may belong to open transactions."""
        return self._offsets(topics, _LATEST)

    def stable_offsets(self, topics: Iterable[str]) -> dict[str, dict[int, int]]:
        """Up to where each partition can be read: before its first open transaction."""
        return self._offsets(topics, _LATEST, IsolationLevel.READ_COMMITTED)

    def held_back(self, topics: Sequence[str]) -> dict[str, int]:
        """How many offsets of each topic wait for a transaction that is open."""
        # A record that comes between the two questions is held back by nothing.
        ends, stable = self.end_offsets(topics), self.stable_offsets(topics)
        return {
            topic: sum(max(0, end - stable[topic][partition]) for partition, end in own.items())
            for topic, own in ends.items()
        }

    def bytes_per_offset(self, topics: Sequence[str]) -> float:
        """What an offset takes on a broker's disk, in the topic where it takes most; 0 where
        nothing is stored, or the brokers do not tell."""
        first, ends = self.earliest_offsets(topics), self.end_offsets(topics)
        try:
            return largest_offset(self._admin.describe_log_dirs(list(topics)), first, ends)
        except KafkaError as error:
            logger.warning("the brokers do not tell the size of %s: %s", topics, error)
            return 0.0

    def publish(self, group: str, offsets: Mapping[str, Mapping[int, int]]) -> None:
        """Commit offsets for a group that has no members, so that lag shows in every Kafka tool."""
        self._admin.alter_group_offsets(
            group,
            {
                TopicPartition(topic, partition): OffsetAndMetadata(offset, "", -1)
                for topic, partitions in offsets.items()
                for partition, offset in partitions.items()
            },
        )

    def send(self, messages: Iterable[tuple[str, bytes, bytes]]) -> None:
        """Send (topic, key, value) messages; return when the broker has acknowledged them all."""
        producer = self._producer or KafkaProducer(
            **self._options, acks="all", enable_idempotence=True
        )
        self._producer = producer
        pending = [producer.send(topic, key=key, value=value) for topic, key, value in messages]
        producer.flush()
        for each in pending:
            each.get(timeout=30)

    def close(self) -> None:
        if self._producer is not None:
            self._producer.close()
        self._admin.close()

    def _offsets(
        self,
        topics: Iterable[str],
        moment: int,
        isolation: IsolationLevel = IsolationLevel.READ_UNCOMMITTED,
    ) -> dict[str, dict[int, int]]:
        partitions = [
            TopicPartition(topic["name"], partition["partition_index"])
            for topic in self._admin.describe_topics(sorted(topics))
            for partition in topic["partitions"]
        ]
        listed = self._admin.list_partition_offsets(
            dict.fromkeys(partitions, moment), isolation_level=isolation
        )
        found: dict[str, dict[int, int]] = {}
        for partition, offset in listed.items():
            found.setdefault(partition.topic, {})[partition.partition] = int(offset.offset)
        return found


def largest_offset(
    log_dirs: Iterable[Mapping[str, Any]],
    first: Mapping[str, Mapping[int, int]],
    ends: Mapping[str, Mapping[int, int]],
) -> float:
    """Bytes on disk per offset in the topic where they are most, by what every broker tells. Of a
    partition's replicas the largest counts."""
    sizes: dict[str, dict[int, int]] = {topic: {} for topic in ends}
    for topic, partition in _partitions_in(log_dirs):
        own, index = sizes[topic], partition["partition_index"]
        own[index] = max(partition["partition_size"], own.get(index, 0))
    return max(
        sum(sizes[topic].values()) / max(1, sum(own.values()) - sum(first[topic].values()))
        for topic, own in ends.items()
    )


def _partitions_in(
    log_dirs: Iterable[Mapping[str, Any]],
) -> Iterator[tuple[str, Mapping[str, int]]]:
    for broker in log_dirs:
        for folder in broker["log_dirs"]:
            for topic in folder["topics"]:
                for partition in topic["partitions"]:
                    yield topic["name"], partition

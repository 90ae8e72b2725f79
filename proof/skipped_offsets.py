"""What the broker itself says of the offsets at which the applications found no record."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import duckdb
from kafka import KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient

from readers.filling import fill
from readers.kafka import PartitionOffsets, compacted, open_consumer, read_until

# Each range takes two reads. What a broker says of the newest stands for all.
RANGES = 100
_SILENT_POLLS = 120
_NEWEST = """
    SELECT topic_id, partition, ranges FROM answers.skipped
    WHERE application = 'ingest' AND reason = 'transaction' ORDER BY noted_at DESC, first DESC
"""


def load_skipped(
    connection: duckdb.DuckDBPyConnection,
    bootstrap_servers: str,
    admin: KafkaAdminClient,
    consumer: KafkaConsumer,
    partitions: tuple[PartitionOffsets, ...],
) -> None:
    """Fill ``broker.skipped`` with the newest ranges that the topics still hold: how many records
    each gives to a reader of committed transactions, and how many to a reader of all."""
    there = {(each.topic_id, each.partition): each for each in partitions}
    found = _ranges(connection, there)
    if not found:
        return
    unreliable = compacted(admin, sorted({each.topic for each, _, _ in found}))
    with open_consumer(bootstrap_servers, uncommitted=True) as reader_of_all:
        fill(
            connection,
            "broker.skipped",
            [
                (
                    *(each.topic, each.topic_id, each.partition, first, until),
                    _records(consumer, each, first, until),
                    _records(reader_of_all, each, first, until),
                    each.topic in unreliable,
                )
                for each, first, until in found
            ],
        )


def _ranges(
    connection: duckdb.DuckDBPyConnection, there: Mapping[tuple[str, int], PartitionOffsets]
) -> list[tuple[PartitionOffsets, int, int]]:
    found: list[tuple[PartitionOffsets, int, int]] = []
    for topic_id, partition, ranges in connection.execute(_NEWEST).fetchall():
        live = there.get((topic_id, partition))
        for first, until in json.loads(ranges):
            if live is not None and live.low <= first:
                found.append((live, first, until))
        if len(found) >= RANGES:
            break
    return found[:RANGES]


def _records(consumer: Any, read: PartitionOffsets, first: int, until: int) -> int:
    partition = TopicPartition(read.topic, read.partition)
    consumer.assign([partition])
    consumer.seek(partition, first)
    return sum(1 for _ in read_until(consumer, {partition: until}, _SILENT_POLLS))

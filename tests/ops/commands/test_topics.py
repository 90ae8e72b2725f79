"""`topics`: what is asked of Kafka, and what is said about a wrong line; the brokers are a fake."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from kafka import TopicPartition
from kafka.errors import TopicAlreadyExistsError
from kafka.structs import OffsetAndTimestamp

from contracts.errors import ShopstreamError, Usage
from contracts.topics import ORDERS
from ops.commands.topics import (
    document,
    duration,
    existing_topic,
    make,
    retention_text,
    topic_to_create,
)
from readers.kafka import describe


class FakeAdmin:
    """Two topics on two brokers: orders, whose partition 1 lost its leader, and Kafka's own."""

    def __init__(self) -> None:
        self.created: dict[str, Any] = {}

    def list_topics(self) -> list[str]:
        return [ORDERS.name, "__consumer_offsets"]

    def describe_cluster(self) -> dict[str, Any]:
        return {"brokers": [{"broker_id": 1}, {"broker_id": 2}]}

    def describe_topics(self, names: list[str] | None) -> list[dict[str, Any]]:
        partitions = [
            {"partition_index": 1, "leader_id": -1, "replica_nodes": [1, 2], "isr_nodes": []},
            {"partition_index": 0, "leader_id": 2, "replica_nodes": [1, 2], "isr_nodes": [2]},
        ]
        found = {
            ORDERS.name: {"topic_id": "0f4c8a52", "is_internal": False, "partitions": partitions},
            "__consumer_offsets": {"topic_id": "x", "is_internal": True, "partitions": []},
        }
        missing = {"error_code": 3, "is_internal": False, "partitions": []}
        return [
            {"name": name, "error_code": 0} | (found.get(name) or missing)
            for name in (found if names is None else names)
        ]

    def list_partition_offsets(self, wanted: dict[TopicPartition, int]) -> dict[Any, Any]:
        assert all(place.partition == 0 for place in wanted), "no leader, no answer"
        return {
            place: OffsetAndTimestamp({-2: 3, -1: 10}[spec], -1, -1)
            for place, spec in wanted.items()
        }

    def describe_configs(self, resources: Any, config_filter: str) -> dict[str, Any]:
        values = {
            "retention.ms": "604800000",
            "message.timestamp.type": "LogAppendTime",
            "min.insync.replicas": "1",
        }
        entries = {key: {"value": value} for key, value in values.items()}
        return {"topic": {resource.name: entries for resource in resources}}

    def create_topics(self, wanted: dict[str, Any], **_: Any) -> None:
        if ORDERS.name in wanted:
            raise TopicAlreadyExistsError
        self.created |= wanted


def test_a_topic_is_described() -> None:
    (topic,) = describe(FakeAdmin())
    assert document(topic) == {
        "name": "ecommerce-orders",
        "topic_id": "0f4c8a52",
        "retention_ms": 604_800_000,
        "timestamp_type": "LogAppendTime",
        "min_in_sync": 1,
        "messages": 7,
        "partitions": (
            {
                "partition": 0,
                "leader": 2,
                "replicas": (1, 2),
                "in_sync": (2,),
                "earliest": 3,
                "latest": 10,
            },
            {
                "partition": 1,
                "leader": -1,
                "replicas": (1, 2),
                "in_sync": (),
                "earliest": 0,
                "latest": 0,
            },
        ),
    }


def test_a_topic_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(Usage, match="no topic 'orders'; known: ecommerce-orders"):
        existing_topic(FakeAdmin(), "orders")
    with pytest.raises(Usage, match=r"known: ecommerce-orders$"):
        existing_topic(FakeAdmin(), "__consumer_offsets")
    assert describe(FakeAdmin(), ["orders"]) == []


def test_a_new_topic_keeps_append_time_and_is_replicated_as_far_as_brokers_go() -> None:
    admin = FakeAdmin()
    make(admin, [topic_to_create("mine", 4, "12h")])
    assert admin.created == {
        "mine": {
            "num_partitions": 4,
            "replication_factor": 2,
            "configs": {
                "retention.ms": "43200000",
                "message.timestamp.type": "LogAppendTime",
                "min.insync.replicas": "1",
            },
        }
    }


def test_a_topic_that_is_there_is_not_made_again() -> None:
    with pytest.raises(ShopstreamError, match="there already: ecommerce-orders"):
        make(FakeAdmin(), [topic_to_create(ORDERS.name, None, None)])


def test_a_topic_of_the_contract_is_made_as_it_says() -> None:
    assert topic_to_create(ORDERS.name, None, None) == ORDERS
    assert topic_to_create(ORDERS.name, 9, None).laptop_partitions == 9


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a b", "x" * 250])
def test_names_that_kafka_does_not_take(name: str) -> None:
    with pytest.raises(Usage, match="a topic is named"):
        topic_to_create(name, None, None)


def test_a_topic_has_a_partition() -> None:
    with pytest.raises(Usage, match="1 or more, got 0"):
        topic_to_create("mine", 0, None)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1s", timedelta(seconds=1)),
        ("90m", timedelta(minutes=90)),
        ("12h", timedelta(hours=12)),
        ("7d", timedelta(days=7)),
    ],
)
def test_durations(text: str, found: timedelta) -> None:
    assert duration(text) == found
    assert duration(retention_text(found // timedelta(milliseconds=1))) == found


@pytest.mark.parametrize("text", ["", "7", "d", "0d", "-1d", "1.5h", "7w", "٧d", "9999999d"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(Usage, match="a retention is"):
        duration(text)


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(-1, "for ever"), (604_800_000, "7d"), (5_400_000, "90m"), (1_500, "1500 ms"), (7_000, "7s")],
)
def test_retentions(milliseconds: int, text: str) -> None:
    assert retention_text(milliseconds) == text

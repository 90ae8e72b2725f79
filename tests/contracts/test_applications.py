"""The command line of the applications, and the topics they read."""

from __future__ import annotations

import json

import pytest

from contracts.applications import (
    APPLICATIONS,
    INGEST,
    MAX_BATCH_BYTES,
    ORDER_ANSWERS,
    Endpoints,
    application,
    command_line,
)
from contracts.ledger import Run, SourceFile
from contracts.topics import ALERTS, CLICKS, ORDERS, TOPICS, min_in_sync, replicas, topic

ENDPOINTS = Endpoints(
    bootstrap_servers="a:1,b:2",
    kafka_auth="none",
    registry="bundled",
    catalog="jdbc",
    warehouse="file:///lake",
    checkpoint="file:///checkpoints",
    postgres="postgresql://shop@db/shop",
)


def test_a_command_line() -> None:
    assert command_line(["ingest", "orders"], ENDPOINTS) == [
        "ingest",
        "orders",
        "--bootstrap-servers=a:1,b:2",
        "--kafka-auth=none",
        "--registry=bundled",
        "--catalog=jdbc",
        "--warehouse=file:///lake",
        "--checkpoint=file:///checkpoints",
        "--postgres=postgresql://shop@db/shop",
        "--postgres-auth=password",
        "--metrics=stdout",
        "--valkey=",
        "--trigger=ingest=10s,orders=1s",
    ]


def test_triggers_and_take_over() -> None:
    line = command_line(["orders"], ENDPOINTS, triggers={"orders": 5}, take_over=True)
    assert line[0] == "orders"
    assert line[-2:] == ["--trigger=orders=5s", "--take-over"]


@pytest.mark.parametrize(
    ("trigger", "records"),
    [
        pytest.param(INGEST.laptop_trigger, 200_000, id="the laptop's"),
        pytest.param(1, 200_000, id="never fewer"),
        pytest.param(60, 1_200_000, id="as many a second in a longer batch"),
    ],
)
def test_what_a_batch_takes_at_most(trigger: int, records: int) -> None:
    assert INGEST.max_offsets(trigger) == records


def test_unknown_names_are_answered_with_the_known() -> None:
    with pytest.raises(KeyError, match="known: ingest, orders, clicks"):
        command_line(["visits"], ENDPOINTS)
    with pytest.raises(KeyError, match="known: ecommerce-clicks"):
        topic("orders")


def test_groups_are_told_by_prefix() -> None:
    groups = ["shopstream-ingest", "shopstream-orders", "shopstream-clicks"]
    assert [one.group for one in APPLICATIONS] == groups
    assert application("orders").reads == (ORDERS,)


@pytest.mark.parametrize(
    ("brokers", "replication", "in_sync"), [(1, 1, 1), (2, 2, 1), (3, 3, 2), (5, 3, 2)]
)
def test_replication_follows_the_brokers(brokers: int, replication: int, in_sync: int) -> None:
    assert replicas(brokers) == replication
    assert min_in_sync(brokers) == in_sync


def test_topics() -> None:
    assert topic("ecommerce-alerts") == ALERTS
    assert len({one.name for one in TOPICS}) == len(TOPICS)
    assert CLICKS.laptop_partitions < CLICKS.cloud_partitions


SOURCE = SourceFile(
    layout="online-retail",
    sha256="ab",
    edition="ab",
    shift_us=-5,
    first_row=1,
    last_row=9,
    categories_sha256="c",
    regions_sha256="r",
)


@pytest.mark.parametrize("source", [None, SOURCE], ids=["without a file", "with a file"])
def test_a_run_survives_its_file(source: SourceFile | None) -> None:
    run = Run("r", "p", 1, "cluster", {"t": "id"}, source, finished=True, rejected={"x": 2})
    assert Run.from_json(run.to_json()) == run


@pytest.mark.parametrize(
    "text", ["", "{", "{}", json.dumps({"run": "r"}), '{"run": "r", "colour": 1}']
)
def test_what_is_no_run_is_refused(text: str) -> None:
    with pytest.raises((TypeError, ValueError)):
        Run.from_json(text)


@pytest.mark.parametrize(
    ("bytes_each", "records"),
    [
        pytest.param(0.0, 200_000, id="a size that is not known"),
        pytest.param(1_000.0, 200_000, id="usual orders"),
        pytest.param(2_048.0, 131_072, id="large orders"),
        pytest.param(512 * 1024.0, 512, id="orders of 512 KB"),
        pytest.param(2.0 * MAX_BATCH_BYTES, 1, id="one record is a batch at least"),
    ],
)
def test_a_batch_is_bounded_in_bytes_too(bytes_each: float, records: int) -> None:
    assert ORDER_ANSWERS.max_offsets(1, bytes_each) == records

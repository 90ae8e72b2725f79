"""Metric lines reach CloudWatch Logs in order, once, and wait while it cannot be reached."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from moto import mock_aws

from emr_jobs.stores import metric_log
from emr_jobs.stores.metric_log import MetricLog

GROUP = "shopstream-test"
NOW = datetime.now(UTC)


class Gate:
    """A client that cannot reach its service until `open`."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.open = True
        self.exceptions = client.exceptions

    def __getattr__(self, operation: str) -> Any:
        if not self.open:
            raise EndpointConnectionError(endpoint_url="https://logs.example")
        return getattr(self._client, operation)


@pytest.fixture
def client() -> Iterator[Any]:
    with mock_aws():
        logs = boto3.client("logs", region_name="eu-central-1")
        logs.create_log_group(logGroupName=GROUP)
        yield logs


def lines(client: Any) -> list[str]:
    events = client.filter_log_events(logGroupName=GROUP)["events"]
    return [event["message"] for event in events]


def log(client: Any) -> MetricLog:
    return MetricLog(client, GROUP, "orders/host/1", lambda: NOW)


def test_lines_arrive_in_order_and_once(client: Any) -> None:
    written = log(client)
    for line in ("a", "b"):
        written.write(line)
    written.flush()
    written.write("c")
    written.flush()
    written.flush()
    assert lines(client) == ["a", "b", "c"]


def test_closing_sends_the_rest(client: Any) -> None:
    written = log(client)
    written.start()
    written.write("last")
    written.close()
    assert lines(client) == ["last"]


def test_a_driver_that_comes_back_goes_on_with_its_stream(client: Any) -> None:
    for line in ("before", "after"):
        written = log(client)
        written.write(line)
        written.flush()
    assert lines(client) == ["before", "after"]


def test_lines_wait_while_nothing_can_be_sent(
    client: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(metric_log, "MOST_WAITING", 2)
    gate = Gate(client)
    written = log(gate)
    gate.open = False
    for line in ("dropped", "kept 1", "kept 2"):
        written.write(line)
    with caplog.at_level(logging.WARNING):
        written.flush()
        gate.open = True
        written.flush()
    assert lines(client) == ["kept 1", "kept 2"]
    assert "1 metric lines were dropped" in caplog.text

"""A trigger's progress as metrics and offsets."""

from __future__ import annotations

import json
import queue
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from kafka.errors import CoordinatorNotAvailableError

from contracts.applications import INGEST, ORDER_ANSWERS
from contracts.topics import ORDERS
from emr_jobs.kernel.metrics import Metrics
from emr_jobs.spark.listener import (
    ProgressListener,
    applied_offsets,
    applied_rows,
    lags,
    measures,
)


def progress(start: Any, end: Any, latest: Any) -> dict[str, Any]:
    return {
        "name": "orders",
        "durationMs": {"triggerExecution": 500},
        "numInputRows": 999,
        "sources": [{"startOffset": start, "endOffset": end, "latestOffset": latest}],
        "stateOperators": [],
    }


T = "ecommerce-orders"


@pytest.mark.parametrize(
    "form", [pytest.param(json.dumps, id="as text"), pytest.param(lambda o: o, id="as object")]
)
def test_offsets_in_either_form(form: Any) -> None:
    seen = progress(
        form({T: {"0": 10}}), form({T: {"0": 30, "1": 5}}), form({T: {"0": 40, "1": 5}})
    )
    assert applied_rows(seen) == 25
    assert applied_offsets(seen) == {T: {0: 30, 1: 5}}
    assert lags(seen) == {T: 10}


def test_rows_are_those_between_offsets_not_those_spark_read() -> None:
    seen = progress({T: {"0": 10}}, {T: {"0": 30}}, {T: {"0": 30}})
    assert measures(seen)["batch_rows"] == 20
    assert measures(seen)["rows_per_second"] == 40


def test_a_trigger_without_rows_is_measured_apart() -> None:
    seen = progress({T: {"0": 10}}, {T: {"0": 10}}, {T: {"0": 10}})
    assert measures(seen) == {"empty_batch_seconds": 0.5}


def test_the_first_trigger_has_no_start() -> None:
    assert applied_rows(progress(None, {T: {"0": 3}}, {T: {"0": 3}})) == 3


class Coordinator:
    """Takes offsets of groups once it is ready, after so many refusals."""

    def __init__(self, refusals: int) -> None:
        self._refusals = refusals
        self.taken: queue.Queue[tuple[str, Mapping[str, Mapping[int, int]]]] = queue.Queue()

    def held_back(self, topics: Sequence[str]) -> dict[str, int]:
        return {topic: 3 * (topic == ORDERS.name) for topic in topics}

    def publish(self, group: str, offsets: Mapping[str, Mapping[int, int]]) -> None:
        if self._refusals:
            self._refusals -= 1
            raise CoordinatorNotAvailableError
        self.taken.put((group, offsets))


@pytest.mark.parametrize("refusals", [0, 1, 3])
def test_offsets_are_published_though_no_other_batch_comes(refusals: int) -> None:
    kafka = Coordinator(refusals)
    metrics = Metrics("orders", lambda _line: None, lambda: datetime(2026, 1, 1, tzinfo=UTC))
    listener = ProgressListener(
        kafka,  # type: ignore[arg-type] - the coordinator is all that it asks
        [ORDER_ANSWERS],
        {"orders": metrics},
        retry_seconds=0.01,
    )
    last = progress({T: {"0": 10}}, {T: {"0": 30}}, {T: {"0": 30}})
    listener.progressed(last)
    assert kafka.taken.get(timeout=30) == ("shopstream-orders", {T: {0: 30}})
    listener.close()
    assert kafka.taken.empty()


def test_an_idle_query_tells_what_open_transactions_hold_back_of_each_topic() -> None:
    lines: list[str] = []
    metrics = Metrics("ingest", lines.append, lambda: datetime(2026, 1, 1, tzinfo=UTC))
    listener = ProgressListener(
        Coordinator(0),  # type: ignore[arg-type] - the coordinator is all that it asks
        [INGEST],
        {"ingest": metrics},
    )
    listener.started("a-run", "ingest")
    listener.idle("a-run")
    listener.close()
    told = {line["topic"]: line["lag_offsets"] for line in map(json.loads, lines)}
    assert told == {topic.name: 3.0 * (topic == ORDERS) for topic in INGEST.reads}

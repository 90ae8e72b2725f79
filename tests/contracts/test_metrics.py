"""Metrics: each is described, and a line of them is what CloudWatch reads."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest

from contracts.metrics import MAX_METRICS, METRICS, Dimension, MetricName, emf

ORDERS: dict[Dimension, str] = {"application": "orders"}


def test_every_metric_is_described_and_no_other() -> None:
    assert list(METRICS) == list(get_args(MetricName))
    assert len(METRICS) <= MAX_METRICS
    for name, metric in METRICS.items():
        assert metric.meaning, name
        assert metric.dimensions <= set(get_args(Dimension)), name


def test_units_are_in_the_names() -> None:
    endings = {"Seconds": "_seconds", "Bytes": "_bytes", "Percent": "_percent"}
    for name, metric in METRICS.items():
        assert name.endswith(endings.get(metric.unit, "")), name


def test_a_line() -> None:
    line = emf({"batch_rows": 7, "batch_seconds": 0.25}, ORDERS, 1_700_000_000_000)
    assert "\n" not in line
    assert json.loads(line) == {
        "_aws": {
            "Timestamp": 1_700_000_000_000,
            "CloudWatchMetrics": [
                {
                    "Namespace": "Shopstream",
                    "Dimensions": [["application"]],
                    "Metrics": [
                        {"Name": "batch_rows", "Unit": "Count"},
                        {"Name": "batch_seconds", "Unit": "Seconds"},
                    ],
                }
            ],
        },
        "application": "orders",
        "batch_rows": 7,
        "batch_seconds": 0.25,
    }


@pytest.mark.parametrize(
    ("values", "dimensions", "message"),
    [
        pytest.param({}, ORDERS, "1 to 100 metrics", id="nothing"),
        pytest.param({"rows": 1}, ORDERS, "no metric 'rows'", id="unknown metric"),
        pytest.param({"batch_rows": float("nan")}, ORDERS, "not a number", id="not a number"),
        pytest.param({"batch_rows": float("inf")}, ORDERS, "not a number", id="infinite"),
        pytest.param(
            {"lag_offsets": 1},
            ORDERS,
            "written by application, topic, not by application",
            id="less",
        ),
        pytest.param(
            {"batch_rows": 1},
            {"application": "orders", "topic": "t"},
            "written by application, not by application, topic",
            id="more",
        ),
        pytest.param({"batch_rows": 1}, {}, "not by none", id="no dimension"),
        pytest.param({"batch_rows": 1}, {"application": ""}, "not a dimension", id="empty"),
        pytest.param({"batch_rows": 1}, {"host": "a"}, "not a dimension", id="unknown dimension"),
    ],
)
def test_what_cloudwatch_would_drop_is_refused(values: Any, dimensions: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        emf(values, dimensions, 0)

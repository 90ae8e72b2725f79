"""A trigger's progress as metrics and offsets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emr_jobs.runtime.listener import applied_offsets, applied_rows, lags, measures


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

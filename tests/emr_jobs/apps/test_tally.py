"""What a batch's counts say as metrics."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.topics import ORDERS
from emr_jobs.apps.tally import Tally, report
from emr_jobs.kernel.metrics import Metrics

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def row(outcome: str, records: int, reason: str | None = None) -> dict[str, Any]:
    return {"outcome": outcome, "reason": reason, "records": records, "late": 0, "newest": NOW}


def told(*rows: dict[str, Any]) -> dict[str, float]:
    lines: list[str] = []
    report(Metrics("ingest", lines.append, lambda: NOW), ORDERS, Tally(rows))
    found: dict[str, float] = {}
    for line in map(json.loads, lines):
        (written,) = line["_aws"]["CloudWatchMetrics"]
        name = line.get("reason", "")
        found |= {
            f"{each['Name']}{name and f' {name}'}": line[each["Name"]]
            for each in written["Metrics"]
        }
    return found


@pytest.mark.parametrize(
    ("rows", "invalid"),
    [
        pytest.param([row("silver", 3)], 0, id="none, and says so"),
        pytest.param(
            [row("silver", 3), row("quarantine", 2, "empty"), row("quarantine", 1, "oversized")],
            3,
            id="all reasons together",
        ),
    ],
)
def test_the_values_that_are_no_events_are_told_in_every_batch(
    rows: list[dict[str, Any]], invalid: int
) -> None:
    assert told(*rows)["invalid_rows"] == invalid


def test_quality_leaves_duplicates_out() -> None:
    seen = told(row("silver", 9), row("duplicate", 90), row("quarantine", 1, "empty"))
    assert seen["quality_percent"] == 90.0
    assert seen["quarantined_rows empty"] == 1

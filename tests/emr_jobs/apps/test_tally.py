"""What a batch's counts say as metrics."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from contracts.topics import ORDERS
from emr_jobs.apps.tally import Counted, Tally, report, tally
from emr_jobs.kernel.metrics import Metrics

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


LATER = datetime(2026, 1, 1, 12, 5, tzinfo=UTC)
NO_COPIES = pa.schema(
    [
        ("window_start", pa.timestamp("us", "UTC")),
        ("append_time", pa.timestamp("us", "UTC")),
        ("late", pa.int64()),
    ]
)


def row(outcome: str, records: int, reason: str | None = None) -> Counted:
    return Counted(outcome, reason, NOW, records, late=0, newest=NOW)


def group(records: int, reason: str | None = None, late: int = 0, **other: Any) -> dict[str, Any]:
    counted = {"records": records, "reason": reason, "late": late}
    return {"window_start": NOW, "newest": NOW, **counted, **other}


def copy(late: int = 0, start: datetime = NOW) -> dict[str, Any]:
    return {"window_start": start, "append_time": start, "late": late}


def told(*rows: Counted) -> dict[str, float]:
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
    rows: list[Counted], invalid: int
) -> None:
    assert told(*rows)["invalid_rows"] == invalid


def test_quality_leaves_duplicates_out() -> None:
    seen = told(row("silver", 9), row("duplicate", 90), row("quarantine", 1, "empty"))
    assert seen["quality_percent"] == 90.0
    assert seen["quarantined_rows empty"] == 1


@pytest.mark.parametrize(
    ("groups", "copies", "counted"),
    [
        pytest.param([], [], [], id="nothing"),
        pytest.param([group(3, late=2)], [], [("silver", None, NOW, 3, 2)], id="no copy"),
        pytest.param(
            [group(3, late=2, region="EU"), group(1, region="US")],
            [copy(late=1)],
            [("duplicate", None, NOW, 1, 1), ("silver", None, NOW, 3, 1)],
            id="a copy is taken from the events of its window",
        ),
        pytest.param(
            [group(2), group(2, window_start=LATER)],
            [copy(start=LATER)],
            [
                ("duplicate", None, LATER, 1, 0),
                ("silver", None, NOW, 2, 0),
                ("silver", None, LATER, 1, 0),
            ],
            id="and of no other window",
        ),
        pytest.param([group(1)], [copy()], [("duplicate", None, NOW, 1, 0)], id="only copies"),
        pytest.param(
            [group(2, "empty"), group(1)],
            [],
            [("quarantine", "empty", NOW, 2, 0), ("silver", None, NOW, 1, 0)],
            id="a refused record is no event",
        ),
    ],
)
def test_how_records_ended(
    groups: list[dict[str, Any]], copies: list[dict[str, Any]], counted: list[tuple[Any, ...]]
) -> None:
    found = tally(groups, pa.Table.from_pylist(copies, NO_COPIES))
    assert [(c.outcome, c.reason, c.window_start, c.records, c.late) for c in found.counted] == (
        counted
    )

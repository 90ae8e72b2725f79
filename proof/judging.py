"""From filled relations to a report; reads nothing else and changes nothing outside DuckDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from contracts.registry import Registry
from proof.alerts.rules import derive_alerts
from proof.checks import run_counts, run_level
from proof.conflicts import find_conflicts
from proof.relations import prepare
from proof.report import Report, SourceFinding

LEVELS = {
    "L1": "l1_topic",
    "L2": "l2_bronze",
    "L3": "l3_conservation",
    "L4": "l4_silver",
    "L5": "l5_totals",
    "L6": "l6_alerts",
    "L7": "l7_order",
}
# Checks of a data file that compare rows of an answer: what differs there is a mismatched row.
ANSWER_TABLES = ("order_metrics", "sessions", "product_activity", "trending")


def judge(
    connection: duckdb.DuckDBPyConnection,
    registry: Registry,
    rules: Sequence[Mapping[str, Any]],
    *,
    strict: bool = False,
) -> Report:
    """Run every level over the relations of `connection`."""
    prepare(connection)
    find_conflicts(connection, registry)
    derive_alerts(connection, "silver_order", "expected_alerts", rules)
    levels = tuple(run_level(connection, name, file) for name, file in LEVELS.items())
    quarantine = connection.execute(
        "SELECT reason, count(*) FROM quarantined GROUP BY reason ORDER BY reason"
    ).fetchall()
    return Report(run_counts(connection, "ledger"), dict(quarantine), levels, strict=strict)


def judge_source(
    connection: duckdb.DuckDBPyConnection,
    files: Sequence[Path],
    rules: Sequence[Mapping[str, Any]],
    *,
    clicks: bool = False,
) -> SourceFinding:
    """Compare the answers with those of the data files, of which some tell of `clicks` too;
    `judge` and `derive_events` come first."""
    counts = run_counts(connection, "source_orders_counted")
    derive_alerts(connection, "source_judged", "source_alerts", rules)
    level = run_level(connection, "source", "source_answers")
    if clicks:
        counts |= run_counts(connection, "source_clicks_counted")
        more = run_level(connection, "source", "source_click_answers")
        level = replace(level, checks=level.checks + more.checks)
    wrong = sum(
        check.expected - check.actual for check in level.checks if check.name in ANSWER_TABLES
    )
    return SourceFinding(tuple(map(str, files)), counts, wrong, level)

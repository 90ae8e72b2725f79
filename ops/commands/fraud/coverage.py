"""Which orders the alerts of a rule pack cover, and which of those orders are called fraud."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from contracts.rule_packs import called_fraud, load_pack
from proof.alerts.rule_sql import Judgement, judgement_of
from proof.alerts.rules import alerts_statement

# One core and this much memory can judge millions of orders. Beyond it DuckDB spills to its folder.
_MEMORY_LIMIT = "512MB"


def open_database(folder: Path) -> duckdb.DuckDBPyConnection:
    """A database in a private folder, where it may also spill."""
    connection = duckdb.connect(str(folder / "fraud.duckdb"))
    connection.execute(f"SET memory_limit = '{_MEMORY_LIMIT}'")
    connection.execute("SET threads = 1")
    connection.execute("SET temp_directory = ?", [str(folder / "spill")])
    connection.execute("SET enable_progress_bar = false")
    return connection


def cover(
    connection: duckdb.DuckDBPyConnection, orders: str, rules: Sequence[Mapping[str, Any]]
) -> dict[str, int]:
    """Make the tables `covered` and `called`; return the number of alerts per rule.

    `covered` holds (rule, event_id, alert_us: when the order's first alert was complete), and
    `called` holds the event_id of each order that is called fraud.
    """
    connection.execute(
        "CREATE OR REPLACE TABLE covered (rule VARCHAR, event_id VARCHAR, alert_us BIGINT)"
    )
    alerts = {str(rule["name"]): _cover(connection, orders, rule) for rule in rules}
    pack = load_pack(json.dumps({"pack": "judged", "version": 1, "rules": list(rules)}))
    parsed = {rule.name: rule for rule in pack.rules}
    connection.execute(
        "CREATE OR REPLACE TABLE suspected AS "
        "SELECT event_id, list_sort(list(DISTINCT rule)) AS rules FROM covered GROUP BY event_id"
    )
    sets = connection.execute("SELECT DISTINCT rules FROM suspected").fetchall()
    fraud = [names for (names,) in sets if called_fraud(parsed[name] for name in names)]
    connection.execute(
        "CREATE OR REPLACE TABLE called AS SELECT event_id FROM suspected "
        "WHERE list_contains(?::VARCHAR[][], rules)",
        [fraud],
    )
    return alerts


def _cover(connection: duckdb.DuckDBPyConnection, orders: str, rule: Mapping[str, Any]) -> int:
    judgement = judgement_of(rule)
    connection.execute(
        f"INSERT INTO covered SELECT ?, event_id, min(alert_us) "
        f"FROM ({_covered(judgement, orders)}) WHERE alert_us IS NOT NULL GROUP BY event_id",
        [rule["name"]],
    )
    ((alerts,),) = connection.execute(
        f"SELECT count(*) FROM ({alerts_statement(judgement, orders)})"
    ).fetchall()
    return int(alerts)


def _covered(judgement: Judgement, orders: str) -> str:
    """The orders that a rule counted, each with the moment of the first alert that covers it."""
    if judgement.suppress_us is None:
        moment = "event_us"
    else:
        window = f"PARTITION BY subject, event_us // {judgement.suppress_us}"
        moment = f"min(event_us) FILTER (completes) OVER ({window})"
    told = f"""
        SELECT event_id, subject, event_us, CASE WHEN completes THEN {moment} END AS alert_us
        FROM ({judgement.completions(orders)})
    """
    if judgement.reach_us is None:
        return told
    return f"""
        SELECT event_id, min(alert_us) OVER (PARTITION BY subject ORDER BY event_us
          RANGE BETWEEN CURRENT ROW AND {judgement.reach_us} FOLLOWING) AS alert_us
        FROM ({told})
    """

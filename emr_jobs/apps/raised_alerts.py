"""Alerts that a batch raises: each is stored once, and leaves by the outbox of its transaction."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from contracts.applications import ORDER_ANSWERS
from contracts.codec import encode
from contracts.events import Alert, alert_id, key_of
from contracts.registry import SchemaVersion
from contracts.rule_packs import RulePack
from contracts.topics import ALERTS
from emr_jobs.publish.outbox import PostgresOutbox
from emr_jobs.questions import fraud_alerts, fraud_windows
from emr_jobs.stores.answers import NEW_ORDERS, changed_in, insert_new
from emr_jobs.stores.progress import Commit
from emr_jobs.stores.window_alerts import found_alerts


class WindowAlerts:
    """The rules of several orders. Postgres judges: what they look back on is there."""

    def __init__(self, pack: RulePack, schema: SchemaVersion) -> None:
        self._statements = fraud_windows.statements(pack, NEW_ORDERS)
        self._schema = schema

    def store(self, commit: Commit) -> None:
        """Add the alerts that the batch's new orders raise to its transaction, which has inserted
        them (`emr_jobs.stores.answers.new_orders`), and how many to its counts."""
        found = [found_alerts(commit.connection, each) for each in self._statements]
        if found:
            raise_alerts(commit, pa.concat_tables(found), self._schema)


def raise_alerts(commit: Commit, alerts: pa.Table, schema: SchemaVersion) -> None:
    """Add the alerts that were not raised before to the batch's transaction, and how many to its
    counts. `alerts` has the columns of the table but what the store fills."""
    known_by = with_ids(alerts)
    rows = changed_in(known_by, commit.sequence)
    raised = insert_new(commit.connection, fraud_alerts.MERGE, rows, "alert_id")
    messages = [alert_of(row) for row in known_by.to_pylist() if row["alert_id"] in raised]
    PostgresOutbox(commit.connection, ORDER_ANSWERS.name).enqueue(
        [(ALERTS.name, key_of(a), encode(a, schema)) for a in messages]
    )
    commit.counts["alerts"] = commit.counts.get("alerts", 0) + len(raised)


def with_ids(alerts: pa.Table) -> pa.Table:
    """Alerts with their deterministic ids, each id once."""
    keys = ("rule", "rule_version", "subject", "window_start")
    ids = [
        alert_id(rule, version, subject, None if start is None else _micros(start))
        for rule, version, subject, start in zip(
            *(alerts[k].to_pylist() for k in keys), strict=True
        )
    ]
    first = {each: index for index, each in reversed(list(enumerate(ids)))}
    return alerts.append_column("alert_id", pa.array(ids, pa.string())).take(
        pa.array(sorted(first.values()), pa.int64())
    )


def alert_of(row: dict[str, Any]) -> Alert:
    """The alert as it goes on the wire."""
    start = row["window_start"]
    return Alert(
        alert_id=row["alert_id"],
        rule=row["rule"],
        rule_version=row["rule_version"],
        subject=row["subject"],
        window_start=None if start is None else _micros(start),
        severity=row["severity"],
        event_time=_micros(row["event_time"]),
        region=row["region"],
        evidence=json.loads(row["evidence"]),
    )


def _micros(moment: Any) -> int:
    return int(pa.scalar(moment, pa.timestamp("us", "UTC")).value)

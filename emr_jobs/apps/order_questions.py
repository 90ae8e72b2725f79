"""What is asked of new orders: one entry a question, in `order_questions`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from contracts.applications import ORDER_ANSWERS
from contracts.codec import encode
from contracts.events import Alert, alert_id, key_of
from contracts.registry import SchemaVersion
from contracts.rule_packs import RulePack
from contracts.topics import ALERTS
from emr_jobs.io import outbox
from emr_jobs.io.answers import insert_new, merge_answers
from emr_jobs.io.progress import Commit
from emr_jobs.questions import fraud_alerts, order_metrics
from emr_jobs.questions.merge import Merge
from emr_jobs.transforms.steps import Step


class Question(Protocol):
    """A keyed answer: its partials of a batch, and how they are stored with the progress."""

    @property
    def name(self) -> str:
        """The module of `emr_jobs.questions` that asks it."""

    def partials(self, orders: DataFrame) -> DataFrame:
        """One row a key, reduced from orders that were never counted before."""

    def store(self, commit: Commit, partials: pa.Table) -> None:
        """Add the answers to the batch's transaction, and how many to its counts."""


@dataclass(frozen=True)
class Merged:
    """A question whose partials merge into its table; counted as `keys`."""

    name: str
    merge: Merge
    reduce: Step

    def partials(self, orders: DataFrame) -> DataFrame:
        return self.reduce(orders)

    def store(self, commit: Commit, partials: pa.Table) -> None:
        rows = _changed(partials, commit.sequence)
        touched = merge_answers(commit.connection, self.merge, rows)
        commit.counts["keys"] = commit.counts.get("keys", 0) + touched


@dataclass(frozen=True)
class Raised:
    """A question whose answers are alerts: each is stored once and leaves by the outbox; counted
    as `alerts`."""

    name: str
    merge: Merge
    reduce: Step
    schema: SchemaVersion

    def partials(self, orders: DataFrame) -> DataFrame:
        return self.reduce(orders)

    def store(self, commit: Commit, partials: pa.Table) -> None:
        alerts = with_ids(partials)
        rows = _changed(alerts, commit.sequence)
        raised = insert_new(commit.connection, self.merge, rows, "alert_id")
        messages = [alert_of(row) for row in alerts.to_pylist() if row["alert_id"] in raised]
        outbox.enqueue(
            commit.connection,
            ORDER_ANSWERS.name,
            [(ALERTS.name, key_of(a), encode(a, self.schema)) for a in messages],
        )
        commit.counts["alerts"] = commit.counts.get("alerts", 0) + len(raised)


def order_questions(pack: RulePack, alert_schema: SchemaVersion) -> tuple[Question, ...]:
    """Every question of the application `orders`."""
    return (
        Merged("order_metrics", order_metrics.MERGE, _order_metrics()),
        Raised(
            "fraud_alerts",
            fraud_alerts.MERGE,
            fraud_alerts.partials(pack),
            alert_schema,
        ),
    )


def _order_metrics() -> Step:
    partials = order_metrics.partials(order_metrics.Settings())
    estimate = F.coalesce(F.hll_sketch_estimate("customers"), F.lit(0))

    def reduced(orders: DataFrame) -> DataFrame:
        return partials(orders).withColumn("unique_customers", estimate)

    return reduced


def _changed(rows: pa.Table, sequence: int) -> pa.Table:
    return rows.append_column("changed_in", pa.array([sequence] * rows.num_rows, pa.int64()))


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

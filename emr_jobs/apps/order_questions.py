"""What is asked of new orders: one entry a question, in `order_questions`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from contracts.registry import SchemaVersion
from contracts.rule_packs import RulePack
from emr_jobs.apps.raised_alerts import raise_alerts
from emr_jobs.questions import fraud_alerts, order_metrics
from emr_jobs.questions.merge import Merge
from emr_jobs.stores.answers import changed_in, merge_answers
from emr_jobs.stores.progress import Commit
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
        rows = changed_in(partials, commit.sequence)
        touched = merge_answers(commit.connection, self.merge, rows)
        commit.counts["keys"] = commit.counts.get("keys", 0) + touched


@dataclass(frozen=True)
class Raised:
    """A question whose answers are alerts: each is stored once and leaves by the outbox; counted
    as `alerts`."""

    name: str
    reduce: Step
    schema: SchemaVersion

    def partials(self, orders: DataFrame) -> DataFrame:
        return self.reduce(orders)

    def store(self, commit: Commit, partials: pa.Table) -> None:
        raise_alerts(commit, partials, self.schema)


def order_questions(pack: RulePack, alert_schema: SchemaVersion) -> tuple[Question, ...]:
    """Every question of the application `orders`."""
    return (
        Merged("order_metrics", order_metrics.MERGE, _order_metrics()),
        Raised("fraud_alerts", fraud_alerts.partials(pack), alert_schema),
    )


def _order_metrics() -> Step:
    partials = order_metrics.partials(order_metrics.Settings())
    estimate = F.coalesce(F.hll_sketch_estimate("customers"), F.lit(0))

    def reduced(orders: DataFrame) -> DataFrame:
        return partials(orders).withColumn("unique_customers", estimate)

    return reduced

"""Which orders look like fraud?

Grain: one row per (rule, rule version, subject, window); the rules here judge one order by itself,
so the subject is the order and there is no window. Rules of several orders: `fraud_windows`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from contracts.events import CANARY
from contracts.money import MINOR_SCALE
from contracts.rule_packs import (
    AmountAbove,
    LocationIn,
    OrderRule,
    RulePack,
    YoungAccount,
    subject_of,
)
from contracts.rule_packs.rules import MINUTE_US
from contracts.tables.questions.fraud_alerts import ANSWER
from emr_jobs.questions.merge import Merge, keep
from emr_jobs.transforms.decimals import scaled
from emr_jobs.transforms.steps import Step

# An alert is raised once: the first writer of its id wins, so it is never sent again.
MERGE = Merge(
    into=ANSWER.table,
    columns={
        column.name: keep
        for column in ANSWER.table.written
        if column.name not in ANSWER.table.key and not column.default
    },
)
_ALERT = "struct<rule: string, rule_version: int, severity: string, evidence: string>"
# Filled by the store: the id, which is a UUID of the row's identity, and the batch.
_BY_THE_STORE = ("alert_id", "changed_in")


def partials(pack: RulePack) -> Step:
    """A step from orders to one row an alert of the pack's rules of one order: the columns of
    alerts but alert_id, raised_at and changed_in."""
    names = [column.name for column in MERGE.given if column.name not in _BY_THE_STORE]
    # The null gives the array of a pack without rules its type.
    alerts = F.array(*map(_raised, pack.order_rules), F.lit(None).cast(_ALERT))
    raised = F.filter(alerts, lambda alert: alert.isNotNull())
    judged = (F.col("source_producer") != CANARY) & (F.col("kind") == "placed")
    suspected = reduce(Column.__or__, map(_suspects, pack.order_rules), F.lit(False))
    suspicious = judged & suspected
    spread = (*map(F.col, ("event_id", "event_time", "append_time", "region")), F.inline(raised))
    derived = {
        "subject": F.concat(F.lit(subject_of("")), "event_id"),
        "window_start": F.lit(None).cast("timestamp"),
    }
    answer = tuple(derived.get(name, F.col(name)).alias(name) for name in names)

    def reduced(orders: DataFrame) -> DataFrame:
        return orders.where(suspicious).select(*spread).select(*answer)

    return reduced


def _raised(rule: OrderRule) -> Column:
    """The alert of one rule about an order, or null."""
    alert = F.struct(
        F.lit(rule.name).alias("rule"),
        F.lit(rule.version).alias("rule_version"),
        F.lit(rule.severity).alias("severity"),
        F.to_json(F.struct(*_evidence(rule))).alias("evidence"),
    )
    return F.when(_suspects(rule), alert)


def _suspects(rule: OrderRule) -> Column:
    match rule:
        case AmountAbove():
            return _above(rule.thresholds)
        case LocationIn():
            return F.col("location").isin(*rule.locations)
        case YoungAccount():
            created, ordered = F.col("account_created_at"), F.col("event_time")
            oldest = created + F.expr(f"INTERVAL {rule.minutes} MINUTES")
            young = ordered.between(created, oldest)
            return F.coalesce(young, F.lit(False)) & _above(rule.thresholds)


def _evidence(rule: OrderRule) -> list[Column]:
    """What the alert shows, as texts; every field is of the order or of the rule."""
    shown = [
        F.col("order_id"),
        _amount(F.col("total")).alias("amount"),
        F.col("currency"),
        F.col("location"),
    ]
    if isinstance(rule, AmountAbove | YoungAccount):
        shown.append(_amount(_threshold(rule.thresholds)).alias("threshold"))
    if isinstance(rule, YoungAccount):
        age = F.unix_micros("event_time") - F.unix_micros("account_created_at")
        minutes = (age / MINUTE_US).cast("long").cast("string")
        shown.append(minutes.alias("account_minutes"))
    return shown


def _above(thresholds: Mapping[str, int]) -> Column:
    return F.coalesce(F.col("total") > _threshold(thresholds), F.lit(False))


def _threshold(thresholds: Mapping[str, int]) -> Column:
    """The order's currency's threshold in minor units; null for a currency without one."""
    threshold = F.lit(None).cast("long")
    for currency, minor in thresholds.items():
        threshold = F.when(F.col("currency") == currency, F.lit(minor).cast("long")).otherwise(
            threshold
        )
    return threshold


def _amount(minor: Column) -> Column:
    return scaled(minor, MINOR_SCALE).cast("string")

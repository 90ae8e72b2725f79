"""Which orders, customers and devices look like fraud?

Grain: one row per (rule, rule version, subject, window). A rule that judges one order by itself has
the order as its subject and no window, and is judged here. Postgres judges the rules of several
orders, because what they look back on is there (`emr_jobs.transforms.windowed_rules`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from contracts.events import CANARY, Alert, alert_id
from contracts.money import MINOR_SCALE
from contracts.rule_packs import AmountAbove, LocationIn, OrderRule, YoungAccount, subject_of
from contracts.tables.answer import CHANGED_IN
from contracts.tables.questions.fraud_alerts import ANSWER
from contracts.times import MINUTE_US, micros_of
from emr_jobs.kernel.merge import Merge, Row, keep
from emr_jobs.kernel.question import Question, Settings
from emr_jobs.transforms.decimals import scaled
from emr_jobs.transforms.steps import Step
from emr_jobs.transforms.windowed_rules import statements

_ALERT = "struct<rule: string, rule_version: int, severity: string, evidence: string>"
# An alert is raised once: the first writer of its id wins, so it is never sent again.
_MERGE = Merge(
    ANSWER.table,
    {
        column.name: keep
        for column in ANSWER.table.written
        if column.name not in (*ANSWER.table.key, CHANGED_IN.name) and not column.default
    },
)


def prepare(settings: Settings) -> Step:
    """A step from orders to one row per alert of the rules that judge one order."""
    rules = settings.rules.order_rules
    # The null gives the array of a pack without rules its type.
    alerts = F.array(*map(_raised, rules), F.lit(None).cast(_ALERT))
    raised = F.filter(alerts, lambda alert: alert.isNotNull())
    judged = (F.col("source_producer") != CANARY) & (F.col("kind") == "placed")
    suspected = reduce(Column.__or__, map(_suspects, rules), F.lit(False))
    suspicious = judged & suspected
    spread = (*map(F.col, ("event_id", "event_time", "append_time", "region")), F.inline(raised))
    derived = {
        "subject": F.concat(F.lit(subject_of("")), "event_id"),
        "window_start": F.lit(None).cast("timestamp"),
    }
    answer = tuple(derived.get(name, F.col(name)).alias(name) for name in _MERGE.columns)

    def reduced(orders: DataFrame) -> DataFrame:
        return orders.where(suspicious).select(*spread).select(*answer)

    return reduced


def _id_of(alert: Row) -> str:
    start = alert["window_start"]
    return alert_id(
        alert["rule"],
        alert["rule_version"],
        alert["subject"],
        None if start is None else micros_of(start),
    )


def _alert_of(row: Row) -> Alert:
    """The alert as it goes on the wire."""
    start = row["window_start"]
    return Alert(
        alert_id=row["alert_id"],
        rule=row["rule"],
        rule_version=row["rule_version"],
        subject=row["subject"],
        window_start=None if start is None else micros_of(start),
        severity=row["severity"],
        event_time=micros_of(row["event_time"]),
        region=row["region"],
        evidence=json.loads(row["evidence"]),
    )


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


QUESTION = Question(
    ANSWER,
    prepare,
    _MERGE,
    derived={"alert_id": _id_of},
    look_back=lambda settings, new: statements(settings.rules, new),
    announces=_alert_of,
)

"""Which orders, customers and devices look like fraud?"""

from __future__ import annotations

from contracts.tables.answer import BOOKKEEPING, CHANGED_IN, Answer, Gold
from contracts.tables.columns import Column, Table

ANSWER = Answer(
    question="fraud_alerts",
    table=Table(
        "alerts",
        "one row per alert",
        (
            Column("alert_id", "uuid"),
            Column("rule", "text"),
            Column("rule_version", "integer"),
            Column("subject", "text", "kind:id"),
            Column("window_start", "timestamp", nullable=True),
            Column("severity", "text"),
            Column("event_time", "timestamp"),
            Column("append_time", "timestamp", "of the event that raised it"),
            Column("region", "text"),
            Column("evidence", "json"),
            Column("raised_at", "timestamp", default="clock_timestamp()"),
            CHANGED_IN,
        ),
        key=("alert_id",),
        indexes=(
            "(changed_in)",
            "(subject, rule, rule_version, window_start) WHERE window_start IS NOT NULL",
            "(event_time)",
        ),
    ),
    application="orders",
    gold=Gold(day="event_time", hidden=("raised_at",)),
    unproved={
        **BOOKKEEPING,
        "append_time": "it is of the copy of the order that was seen first",
        "evidence": "it shows the orders that were there when the alert was raised",
        "raised_at": "it is the clock's time when the row was written",
    },
)

"""Postgres: the truth of answers, the progress they are stored with, and the vault."""

from __future__ import annotations

from contracts.tables.click_answers import CLICK_TABLES
from contracts.tables.columns import Column, Table

APPLICATIONS = Table(
    "applications",
    "one row an application: who drives it",
    (
        Column("name", "text"),
        Column("epoch", "bigint", "raised by each driver that takes over"),
        Column("driver", "text", "host, process and start of the driver"),
        Column("state", "text", "starting, running, stopped, superseded, failed"),
        Column("detail", "text", "why it stopped", default="''"),
        Column("started_at", "timestamp"),
        Column("heartbeat_at", "timestamp"),
    ),
    key=("name",),
)

PROGRESS = Table(
    "progress",
    "one row a Kafka partition an application reads",
    (
        Column("application", "text"),
        Column("topic", "text"),
        Column("topic_id", "text", "a topic created again has another id"),
        Column("partition", "integer"),
        Column("until", "bigint", "offsets below this one are applied"),
    ),
    key=("application", "topic_id", "partition"),
)

JOURNAL = Table(
    "journal",
    "one row an applied batch",
    (
        Column("application", "text"),
        Column("sequence", "bigint", "1, 2, 3 ... in commit order"),
        Column("batch_id", "bigint", "Spark's number; starts again with a new checkpoint"),
        Column("epoch", "bigint"),
        Column("ranges", "json", "[{topic, topic_id, partition, from, until}]"),
        Column("counts", "json", "rows by outcome"),
        Column("started_at", "timestamp"),
        Column("committed_at", "timestamp", default="clock_timestamp()"),
    ),
    key=("application", "sequence"),
)

REPEATS = Table(
    "repeats",
    "one row a batch that Spark showed again after it was applied, in whole or in part",
    (
        Column("application", "text"),
        Column("batch_id", "bigint"),
        Column("covered", "text", "whole or part"),
        Column("seen_at", "timestamp", default="clock_timestamp()"),
    ),
)

# The condition of an order that rules judge.
JUDGED = "kind = 'placed' AND NOT canary"


def _orders_of(subject: str) -> str:
    """An index on a subject's orders by time. A hash of 8 bytes takes half the time to insert that
    a token of 29 characters takes."""
    return f"(hashtextextended({subject}, 0), event_time) WHERE {JUDGED} AND {subject} IS NOT NULL"


ORDERS = Table(
    "orders",
    "one row an order event: the audit trail, the ids that are already counted, and what rules of "
    "several orders look back on",
    (
        Column("event_id", "uuid"),
        Column("order_id", "text"),
        Column("kind", "text"),
        Column("customer_id", "text", "subject token", nullable=True),
        Column("total", "money"),
        Column("currency", "text"),
        Column("location", "text"),
        Column("event_time", "timestamp"),
        Column("append_time", "timestamp"),
        Column("partition", "integer"),
        Column("offset", "bigint"),
        Column("canary", "boolean"),
        Column("region", "text", "'' where it was stored before rules looked back", default="''"),
        Column("device_id", "text", "subject token", nullable=True),
    ),
    key=("event_id",),
    indexes=(_orders_of("customer_id"), _orders_of("device_id")),
)

ORDER_METRICS = Table(
    "order_metrics",
    "one row a (1-minute window sliding 30 s, category, location, currency); category * is the "
    "whole order",
    (
        Column("window_start", "timestamp"),
        Column("window_end", "timestamp", "exclusive"),
        Column("category", "text"),
        Column("location", "text"),
        Column("currency", "text"),
        Column("region", "text", "the location's; the first by name where it reports several"),
        Column("order_count", "bigint", "placed orders"),
        Column("revenue", "money", "of placed orders, in this category"),
        Column("largest", "money", "placed order's amount in this category", nullable=True),
        Column("smallest", "money", nullable=True),
        Column("customers", "bytes", "HLL sketch (lgK 12) of placed orders' tokens", nullable=True),
        Column("unique_customers", "bigint", "the sketch's estimate"),
        Column("cancelled_count", "bigint"),
        Column("cancelled_amount", "money", "positive"),
        Column("closed_at", "timestamp", "30 s after the window's end"),
        Column("revised", "bigint", "orders appended after closed_at"),
        Column("changed_in", "bigint", "journal sequence of the last batch that touched the row"),
        Column(
            "average",
            "money",
            "revenue / order_count",
            nullable=True,
            generated="CASE WHEN order_count > 0 THEN round(revenue / order_count, 2) END",
        ),
    ),
    key=("window_start", "category", "location", "currency"),
    indexes=("(changed_in)", "(closed_at)"),
)

ALERTS = Table(
    "alerts",
    "one row an alert",
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
        Column("changed_in", "bigint"),
    ),
    key=("alert_id",),
    indexes=(
        "(changed_in)",
        "(subject, rule, rule_version, window_start) WHERE window_start IS NOT NULL",
    ),
)

NOTIFIED = Table(
    "notified",
    "one row an alert somebody is being told of, or was",
    (
        Column("alert_id", "uuid"),
        Column("claimed_at", "timestamp", "when it was last taken to be sent"),
        Column("sent_at", "timestamp", "null until it was sent", nullable=True),
    ),
    key=("alert_id",),
)

OUTBOX = Table(
    "outbox",
    "one row a message that must reach Kafka; written with the answer that caused it",
    (
        Column("sequence", "bigint", default="nextval('outbox_sequence')"),
        Column("application", "text"),
        Column("topic", "text"),
        Column("key", "bytes"),
        Column("value", "bytes"),
        Column("queued_at", "timestamp", default="clock_timestamp()"),
        Column("sent_at", "timestamp", nullable=True),
    ),
    key=("sequence",),
    indexes=("(application, sequence) WHERE sent_at IS NULL",),
)

QUALITY = Table(
    "quality",
    "one row a (topic, 5-minute window of append time)",
    (
        Column("topic", "text"),
        Column("window_start", "timestamp"),
        Column("silver", "bigint"),
        Column("duplicate", "bigint"),
        Column("quarantine", "bigint"),
        Column(
            "score",
            "money",
            "silver / (silver + quarantine), percent; null when there were only duplicates",
            nullable=True,
            generated="CASE WHEN silver + quarantine > 0 "
            "THEN round(100.0 * silver / (silver + quarantine), 2) END",
        ),
    ),
    key=("topic", "window_start"),
)

PUBLISHED = Table(
    "published",
    "one row a gold table: what of its answers is in the lake",
    (
        Column("table_name", "text"),
        Column("changed_in", "bigint", "changes up to this journal sequence are published"),
        Column("closed_until", "timestamp", "windows closed up to this time are published"),
    ),
    key=("table_name",),
)

VAULT_KEYS = Table(
    "vault.keys",
    "one row: the secret that turns real ids into subject tokens",
    (Column("purpose", "text"), Column("secret", "bytes")),
    key=("purpose",),
)

VAULT_SUBJECTS = Table(
    "vault.subjects",
    "one row a person or device known to the shop: the only place with the real id",
    (
        Column("token", "text"),
        Column("kind", "text"),
        Column("real_id", "text"),
        Column("first_seen", "timestamp", default="clock_timestamp()"),
    ),
    key=("token",),
)

POSTGRES_TABLES: tuple[Table, ...] = (
    APPLICATIONS,
    PROGRESS,
    JOURNAL,
    REPEATS,
    ORDERS,
    ORDER_METRICS,
    ALERTS,
    NOTIFIED,
    OUTBOX,
    QUALITY,
    PUBLISHED,
    *CLICK_TABLES,
    VAULT_KEYS,
    VAULT_SUBJECTS,
)


def ddl() -> tuple[str, ...]:
    """Idempotent statements that make every Postgres table, in order."""
    return (
        "CREATE SCHEMA IF NOT EXISTS vault",
        "CREATE SEQUENCE IF NOT EXISTS outbox_sequence",
        *(statement for table in POSTGRES_TABLES for statement in table.postgres_ddl()),
    )

"""Postgres: the progress that answers are stored with, what the stores keep, and the vault."""

from __future__ import annotations

from contracts.tables.columns import Column, Table
from contracts.tables.questions import ANSWERS

APPLICATIONS = Table(
    "applications",
    "one row per application: who drives it",
    (
        Column("name", "text"),
        Column("epoch", "bigint", "raised by each driver that takes over"),
        Column("driver", "text", "host and process of the driver"),
        Column("state", "text", "starting, running, stopped, failed"),
        Column("detail", "text", "why it stopped", default="''"),
        Column("started_at", "timestamp"),
        Column("heartbeat_at", "timestamp"),
    ),
    key=("name",),
)

PROGRESS = Table(
    "progress",
    "one row per Kafka partition that an application reads",
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
    "one row per applied batch",
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
    "one row per batch that Spark showed again after it was applied, in whole or in part",
    (
        Column("application", "text"),
        Column("batch_id", "bigint"),
        Column("covered", "text", "whole or part"),
        Column("seen_at", "timestamp", default="clock_timestamp()"),
    ),
)

# Why an application passed offsets that gave it no record.
IN_A_TRANSACTION = "transaction"
IN_A_GAP = "gap"

SKIPPED = Table(
    "skipped",
    "one row per partition of a batch in which offsets gave no record, and per accepted gap",
    (
        Column("application", "text"),
        Column("topic", "text"),
        Column("topic_id", "text"),
        Column("partition", "integer"),
        Column("first", "bigint"),
        Column("until", "bigint", "the offset after the last that was skipped"),
        Column("offsets", "bigint", "how many of them were skipped"),
        Column("ranges", "json", "[[from, until], ...]"),
        Column(
            "reason",
            "text",
            f"{IN_A_TRANSACTION}: of aborted transactions, and the marks that end transactions; "
            f"{IN_A_GAP}: deleted before they were read, and a person accepted the loss",
        ),
        Column("accepted_by", "text", "of a gap: who accepted it, and where", default="''"),
        Column("noted_at", "timestamp", default="clock_timestamp()"),
    ),
    key=("application", "topic_id", "partition", "first"),
)

# The condition of an order that rules judge.
JUDGED = "kind = 'placed' AND NOT canary"


def _orders_of(subject: str) -> str:
    """An index on a subject's orders by time. A hash of 8 bytes takes half the time to insert that
    a token of 29 characters takes."""
    return f"(hashtextextended({subject}, 0), event_time) WHERE {JUDGED} AND {subject} IS NOT NULL"


ORDERS = Table(
    "orders",
    "one row per order event: the audit trail, the ids that are already counted, and what rules of "
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

ORDER_IDS = Table(
    "order_ids",
    "one row per order event that a door took to send: a copy that says something else is refused",
    (
        Column("event_id", "uuid"),
        Column("content", "bytes", "digest of what the order says"),
    ),
    key=("event_id",),
)

CLICK_ID_BLOCKS = Table(
    "click_id_blocks",
    "one row per batch of clicks and partition: the ids that were counted lately; older ones are "
    "found in silver",
    (
        Column("sequence", "bigint", "of the batch's journal entry; below 0: moved from click_ids"),
        Column("topic_id", "text"),
        Column("partition", "integer"),
        Column("until", "bigint", "all of them have offsets below this one"),
        Column("newest", "timestamp", "their last append time"),
        Column("ids", "bytes", "16 bytes per id"),
    ),
    key=("sequence", "topic_id", "partition"),
    indexes=("(newest)",),
)

CLICK_IDS = Table(
    "click_ids",
    "one row per click event, as it was stored before there were blocks; `clicks` moves them into "
    "blocks when it starts",
    (
        Column("event_id", "uuid"),
        Column("topic_id", "text"),
        Column("partition", "integer"),
        Column("offset", "bigint"),
        Column("append_time", "timestamp"),
    ),
    key=("event_id",),
)

NOTIFIED = Table(
    "notified",
    "one row per alert that somebody is being told of, or was",
    (
        Column("alert_id", "uuid"),
        Column("claimed_at", "timestamp", "when it was last taken to be sent"),
        Column("sent_at", "timestamp", "null until it was sent", nullable=True),
    ),
    key=("alert_id",),
)

OUTBOX = Table(
    "outbox",
    "one row per message that must reach Kafka; written with the answer that caused it",
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

PUBLISHED = Table(
    "published",
    "one row per projection of the answers: how far it has come",
    (
        Column("table_name", "text", "a table of the lake, or valkey: the hot store"),
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
    "one row per person or device known to the shop: the only place with the real id",
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
    SKIPPED,
    ORDERS,
    ORDER_IDS,
    CLICK_ID_BLOCKS,
    CLICK_IDS,
    *(answer.table for answer in ANSWERS),
    NOTIFIED,
    OUTBOX,
    PUBLISHED,
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

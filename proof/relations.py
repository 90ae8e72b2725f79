"""The relations that the levels read: the stores' tables under their own names, in DuckDB.

Schemas ``bronze``, ``silver`` and ``gold`` are the lake, ``answers`` is Postgres, ``broker`` is
Kafka, ``hot`` is Valkey and ``ledger`` the producers' files. ``prepare`` turns them into the forms
the levels compare: times in microseconds, money in minor units, ids in small letters.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from contracts.applications import APPLICATIONS
from contracts.events import CANARY, LATE_AFTER_US, NO_PLACE_RECORDED
from contracts.rejections import REASONS
from contracts.tables.columns import Table
from contracts.tables.lake import LAKE_TABLES
from contracts.tables.postgres import ORDERS, PROGRESS, PUBLISHED, SKIPPED
from contracts.tables.questions import ANSWERS
from proof.checks import prepare as run_preparation
from readers.sql_text import columns

# Enough for the joins of a few million rows; beyond it DuckDB spills to its file.
MEMORY_LIMIT = "1GB"
THREADS = 2

# What is read of Postgres.
POSTGRES_TABLES: tuple[Table, ...] = (
    *(PROGRESS, SKIPPED, PUBLISHED, ORDERS),
    *(answer.table for answer in ANSWERS),
)

_OTHERS = {
    "ledger.runs": "run VARCHAR, producer VARCHAR, topic VARCHAR, topic_id VARCHAR",
    "ledger.attempts": "run VARCHAR, sequence BIGINT, event_id VARCHAR, topic VARCHAR, "
    "position BIGINT",
    "ledger.outcomes": "run VARCHAR, sequence BIGINT, outcome VARCHAR, partition INTEGER, "
    '"offset" BIGINT, append_us BIGINT',
    "broker.partitions": "topic VARCHAR, topic_id VARCHAR, partition INTEGER, low BIGINT, "
    "high BIGINT",
    "broker.skipped": "topic VARCHAR, topic_id VARCHAR, partition INTEGER, first BIGINT, "
    "until BIGINT, committed BIGINT, uncommitted BIGINT, compacted BOOLEAN",
    "broker.cluster": "cluster_id VARCHAR",
    "broker.alerts": 'partition INTEGER, "offset" BIGINT, alert_id VARCHAR',
    "hot.moment": "now_us BIGINT",
    "hot.entries": "template VARCHAR, key VARCHAR, entry VARCHAR, value BIGINT",
    "hot.unknown": "key VARCHAR",
    "reads": "application VARCHAR, topic VARCHAR",
    "lake_missing_files": "table_name VARCHAR, path VARCHAR",
    "lake_files": "table_name VARCHAR, files BIGINT",
    "conflicts": 'topic VARCHAR, topic_id VARCHAR, partition INTEGER, "offset" BIGINT, '
    "event_id VARCHAR, differing VARCHAR",
}


def connect(folder: Path | None = None) -> duckdb.DuckDBPyConnection:
    """A database with every relation empty: in memory, or in a file of `folder` that may spill."""
    connection = duckdb.connect(str(folder / "verify.duckdb") if folder else ":memory:")
    connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
    connection.execute(f"SET threads = {THREADS}")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET preserve_insertion_order = false")
    connection.execute("SET enable_progress_bar = false")
    if folder:
        connection.execute("SET temp_directory = ?", [str(folder / "spill")])
    _create(connection)
    return connection


def _create(connection: duckdb.DuckDBPyConnection) -> None:
    for schema in ("bronze", "silver", "gold", "answers", "ledger", "broker", "hot"):
        connection.execute(f"CREATE SCHEMA {schema}")
    for table in LAKE_TABLES:
        connection.execute(f"CREATE TABLE {table.name} ({columns(table.columns)})")
    for table in POSTGRES_TABLES:
        connection.execute(f"CREATE TABLE answers.{table.name} ({columns(table.columns)})")
    for name, body in _OTHERS.items():
        connection.execute(f"CREATE TABLE {name} ({body})")
    read = [(each.name, topic.name) for each in APPLICATIONS for topic in each.reads]
    connection.executemany("INSERT INTO reads VALUES (?, ?)", read)
    connection.execute("CREATE TABLE known_reasons AS SELECT unnest(?) AS reason", [list(REASONS)])
    connection.execute(f"CREATE MACRO late_after_us() AS {LATE_AFTER_US}::BIGINT")
    connection.execute(f"CREATE MACRO no_place() AS '{NO_PLACE_RECORDED}'")
    connection.execute(f"CREATE MACRO is_canary(producer) AS (producer = '{CANARY}')")


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the normalised relations that all levels and questions share."""
    run_preparation(connection, "levels/prepare")

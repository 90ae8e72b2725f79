"""Tables: their statements on a real Postgres, and what their descriptions promise."""

from __future__ import annotations

import psycopg
import pytest

from contracts.tables.columns import Column, Table
from contracts.tables.lake import LAKE_TABLES, SILVER
from contracts.tables.postgres import POSTGRES_TABLES, ddl
from contracts.topics import SOURCES

every_table = pytest.mark.parametrize(
    "table", [pytest.param(table, id=table.name) for table in (*POSTGRES_TABLES, *LAKE_TABLES)]
)

STRUCTURE = """
    SELECT table_schema, table_name, column_name, data_type, is_nullable, column_default,
           generation_expression
    FROM information_schema.columns
    WHERE table_schema NOT IN ('information_schema', 'pg_catalog')
    ORDER BY 1, 2, 3
"""
INDEXES = (
    "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname <> 'pg_catalog' ORDER BY 1, 2"
)


@every_table
def test_columns_are_unique_and_keys_are_columns(table: Table) -> None:
    assert len(set(table.names)) == len(table.names)
    assert set(table.key) <= set(table.names)
    assert not any(table.column(name).nullable for name in table.key)
    assert table.grain.startswith("one row")


def test_table_names_are_unique() -> None:
    for tables in (POSTGRES_TABLES, LAKE_TABLES):
        assert len({table.name for table in tables}) == len(tables)


def test_every_source_has_a_silver_table() -> None:
    assert set(SILVER) == {topic.name for topic in SOURCES}


@pytest.mark.parametrize("table", [pytest.param(table, id=table.name) for table in LAKE_TABLES])
def test_lake_statements_are_idempotent_and_partitioned(table: Table) -> None:
    statement = table.lake_ddl("shop")
    assert statement.startswith(f"CREATE TABLE IF NOT EXISTS shop.{table.name} (")
    assert f"PARTITIONED BY ({', '.join(table.partitioned_by)})" in statement
    assert "'format-version'='2'" in statement
    # Each commit leaves a metadata file with every snapshot in it.
    assert "'write.metadata.delete-after-commit.enabled'='true'" in statement


def apply(url: str) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    with psycopg.connect(url) as connection:
        for statement in ddl():
            connection.execute(statement)
        return (
            connection.execute(STRUCTURE).fetchall(),
            connection.execute(INDEXES).fetchall(),
        )


@pytest.mark.e2e
def test_applied_twice_changes_nothing(postgres: str) -> None:
    assert apply(postgres) == apply(postgres)


@pytest.mark.e2e
def test_every_table_is_made_as_described(postgres: str) -> None:
    structure, _ = apply(postgres)
    made: dict[str, set[object]] = {}
    for schema, name, column, *_ in structure:
        made.setdefault(str(name) if schema == "public" else f"{schema}.{name}", set()).add(column)
    assert made == {table.name: set(table.names) for table in POSTGRES_TABLES}


@pytest.mark.e2e
@pytest.mark.parametrize("table", [pytest.param(table, id=table.name) for table in POSTGRES_TABLES])
def test_a_table_of_an_older_release_gets_what_it_lacks(postgres: str, table: Table) -> None:
    """Columns that a release may add are those that rows of an older one can do without."""
    whole = apply(postgres)
    added = [
        column
        for column in table.columns
        if (column.nullable or column.default or column.generated) and column.name not in table.key
    ]
    with psycopg.connect(postgres) as connection:
        for column in added:
            connection.execute(f'ALTER TABLE {table.name} DROP COLUMN "{column.name}"')
    assert apply(postgres) == whole


@pytest.mark.e2e
def test_generated_columns(postgres: str) -> None:
    metrics = (
        "INSERT INTO order_metrics VALUES (now(), now(), '*', 'l', 'GBP', 'r', %s, %s, 1, 1, NULL, "
        "1, 0, 0, now(), 0, 1) RETURNING average"
    )
    quality = "INSERT INTO quality VALUES ('t', now(), %s, 5, %s) RETURNING score"
    with psycopg.connect(postgres, autocommit=True) as connection:
        for orders, revenue, average in ((3, 10, "3.33"), (0, 0, None)):
            row = connection.execute(metrics, (orders, revenue)).fetchone()
            assert row is not None
            assert (None if row[0] is None else str(row[0])) == average
        for silver, quarantine, score in ((2, 1, "66.67"), (0, 0, None), (0, 4, "0.00")):
            row = connection.execute(quality, (silver, quarantine)).fetchone()
            assert row is not None
            assert (None if row[0] is None else str(row[0])) == score
            connection.execute("TRUNCATE quality")


def test_a_generated_column_is_not_written() -> None:
    table = Table("t", "one row", (Column("a", "text"), Column("b", "text", generated="a")))
    assert [column.name for column in table.written] == ["a"]

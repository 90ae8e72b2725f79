"""The saved queries, run in DuckDB over tables of the lake as the contracts describe them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from cdk.lake.saved_queries import saved_queries
from contracts.tables.columns import Table
from contracts.tables.lake import LAKE_TABLES

QUERIES = {query.name: query for query in saved_queries()}
TABLES = {table.name: table for table in LAKE_TABLES}
DAY = datetime(2026, 11, 2, tzinfo=UTC)
MONEY = Decimal("10.50")
# What the lake calls a type, where DuckDB has another name for it.
TYPES = {"string": "text", "binary": "blob"}
# Functions that Athena has under the same name and with the same meaning.
SHARED = {"count", "date_trunc", "extract", "max", "sum"}


def columns(table: Table) -> list[tuple[str, str]]:
    """Names and types of DuckDB, by the statement that makes the table in the lake."""
    body = table.lake_ddl("lake").partition("(\n")[2].partition("\n) USING")[0]
    found = [line.strip().rstrip(",").removesuffix(" NOT NULL") for line in body.split("\n")]
    named = (line.split(" ", 1) for line in found)
    return [
        (name, "text" if kind.startswith("array") else TYPES.get(kind, kind))
        for name, kind in named
    ]


def put(lake: duckdb.DuckDBPyConnection, table: str, **values: Any) -> None:
    """One row; what is not named is null."""
    names = ", ".join(f'"{name}"' for name in values)
    marks = ", ".join("?" * len(values))
    lake.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(values.values()))


@pytest.fixture
def lake() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for schema in sorted({name.split(".")[0] for name in TABLES}):
            connection.execute(f"CREATE SCHEMA {schema}")
        for name, table in TABLES.items():
            body = ", ".join(f'"{column}" {kind}' for column, kind in columns(table))
            connection.execute(f"CREATE TABLE {name} ({body})")
        _fill_gold(connection)
        _fill_silver(connection)
        yield connection


def _fill_gold(lake: duckdb.DuckDBPyConnection) -> None:
    # One order of 10.50 at 00:00:40, in both windows that hold it, and one of the next hour.
    for start, category in (
        (DAY, "*"),
        (DAY + timedelta(seconds=30), "*"),
        (DAY, "Toys"),
        (DAY + timedelta(seconds=30), "Toys"),
        (DAY + timedelta(hours=1), "*"),
    ):
        put(
            lake,
            "gold.order_metrics",
            window_start=start,
            category=category,
            location="France",
            region="Europe",
            currency="EUR",
            order_count=1,
            revenue=MONEY,
            cancelled_count=1,
            cancelled_amount=Decimal("2.00"),
        )
    for seconds, furthest in ((60, "purchase"), (30, "view")):
        put(
            lake,
            "gold.sessions",
            started_at=DAY,
            region="Europe",
            currency="EUR",
            seconds=seconds,
            converted=furthest == "purchase",
            furthest=furthest,
            revenue=MONEY if furthest == "purchase" else Decimal(0),
        )
    for rule in ("velocity", "velocity", "order_amount"):
        put(
            lake,
            "gold.fraud_alerts",
            event_time=DAY,
            rule=rule,
            severity="high",
            subject="customer:1",
        )


def _fill_silver(lake: duckdb.DuckDBPyConnection) -> None:
    for late, producer in ((900_000_001, "shop"), (900_000_000, "shop"), (0, "canary")):
        put(
            lake,
            "silver.orders",
            topic="ecommerce-orders",
            event_time=DAY,
            kind="placed",
            currency="EUR",
            total=MONEY,
            late_by_us=late,
            source_producer=producer,
        )
    put(lake, "silver.clicks", topic="ecommerce-clicks", late_by_us=0)


# The lake's times are UTC, and DuckDB gives them without saying so.
FIRST = DAY.replace(tzinfo=None)
HOUR = FIRST + timedelta(hours=1)
ANSWERS: dict[str, list[tuple[Any, ...]]] = {
    "revenue by hour": [(FIRST, "EUR", 1, MONEY), (HOUR, "EUR", 1, MONEY)],
    "revenue by category": [("Toys", "EUR", 1, MONEY)],
    "revenue by region": [("Europe", "France", "EUR", 2, 2 * MONEY)],
    "cancellations by day": [(FIRST, "EUR", 2, Decimal("4.00"), 2 * MONEY)],
    "sessions by day": [(FIRST, "Europe", 2, 45, 1)],
    "how far sessions come": [
        ("Europe", "purchase", 1, MONEY),
        ("Europe", "view", 1, Decimal(0)),
    ],
    "alerts by rule": [(FIRST, "order_amount", "high", 1), (FIRST, "velocity", "high", 2)],
    "subjects with most alerts": [("customer:1", 3, 2, FIRST)],
    "late share": [("ecommerce-clicks", 1, 0, 0), ("ecommerce-orders", 2, 1, 50)],
    "orders by day": [(FIRST, "placed", "EUR", 2, 2 * MONEY)],
}


@pytest.mark.parametrize("name", QUERIES)
def test_a_saved_query_answers(name: str, lake: duckdb.DuckDBPyConnection) -> None:
    assert lake.execute(QUERIES[name].sql).fetchall() == ANSWERS[name]


def test_there_are_ten_and_each_is_proved() -> None:
    assert len(QUERIES) == 10
    assert QUERIES.keys() == ANSWERS.keys()


@pytest.mark.parametrize("name", QUERIES)
def test_it_says_what_it_tells_and_keeps_to_what_athena_has_too(name: str) -> None:
    query = QUERIES[name]
    assert query.meaning.endswith(".")
    # Athena's limits of a named query.
    assert len(query.name) <= 128
    assert len(query.meaning) <= 1024
    statement = re.sub(r"--.*", "", query.sql)
    called = {word.lower() for word in re.findall(r"(\w+)\(", statement)}
    assert called <= SHARED
    assert ";" not in statement
    for forbidden in ("::", "FILTER", "QUALIFY", "ILIKE", "//"):
        assert forbidden not in statement

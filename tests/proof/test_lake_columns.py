"""Each column of bronze, silver, progress and the stored orders is proved: whatever is altered in a
row turns a check red.

The columns are found, so a new one is tried without an edit.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import duckdb
import pytest

from contracts.tables.columns import Column, Table, quoted
from contracts.tables.lake import (
    BRONZE_DUPLICATES,
    BRONZE_EVENTS,
    BRONZE_QUARANTINE,
    SILVER,
    UNPROVED,
)
from contracts.tables.postgres import ORDERS, PROGRESS
from proof.checks import check, script
from proof.conflicts import find_conflicts
from proof.judging import LEVELS
from proof.relations import prepare
from proof.stated import LEVEL, read_bytes, stated_checks
from readers.filling import fill
from tests.proof.alterations import altered
from tests.proof.shop.events import RUN
from tests.proof.shop.records import REGISTRY, TOPIC, TOPIC_IDS
from tests.proof.shop.stores import Shop

# Tables under their names in the proof, and what tells the kinds of their rows apart.
TABLES: dict[str, tuple[Table, str]] = {
    "bronze.events": (
        BRONZE_EVENTS,
        'key IS NULL, (topic_id, partition, "offset") IN '
        '(SELECT (topic_id, partition, "offset") FROM bronze.duplicates)',
    ),
    "bronze.duplicates": (BRONZE_DUPLICATES, "true"),
    "bronze.quarantine": (BRONZE_QUARANTINE, "reason"),
    **{table.name: (table, "true") for table in SILVER.values()},
    "answers.progress": (PROGRESS, "application"),
    "answers.orders": (ORDERS, "customer_id IS NULL"),
}


@cache
def stores() -> duckdb.DuckDBPyConnection:
    """A shop with records of every topic and outcome, sent by known runs."""
    shop = Shop.usual()
    shop.refuse(after=600)
    shop.visit()
    shop.promote()
    connection = shop.open()
    sent = [record for record in shop.records if record.event and record.topic != TOPIC]
    topics = dict.fromkeys(record.topic for record in sent)
    fill(connection, "ledger.runs", [(RUN, "simulate", name, TOPIC_IDS[name]) for name in topics])
    fill(
        connection,
        "ledger.attempts",
        [(RUN, 100 + n, r.event.event_id, r.topic, n + 1) for n, r in enumerate(sent) if r.event],
    )
    for relation in TABLES:
        connection.execute(f"CREATE TABLE {kept(relation)} AS FROM {relation}")
    return connection


def kept(relation: str) -> str:
    return "kept_" + relation.replace(".", "_")


@contextmanager
def with_row(relation: str, column: Column, row: dict[str, Any]) -> Iterator[None]:
    """In the block the column of the row with this key is altered."""
    same = " AND ".join(f"{quoted(name)} = ?" for name in row)
    update = f"UPDATE {relation} SET {quoted(column.name)} = {altered(column)} WHERE {same}"
    stores().execute(update, list(row.values()))
    try:
        yield
    finally:
        stores().execute(f"DELETE FROM {relation}")
        stores().execute(f"INSERT INTO {relation} FROM {kept(relation)}")


def rows(relation: str) -> list[dict[str, Any]]:
    """The key of one row of each kind and topic."""
    table, kinds = TABLES[relation]
    names = ", ".join(map(quoted, table.key))
    topic = "topic" if "topic" in table.names else "true"
    found = stores().execute(
        f"SELECT {names} FROM {relation} "
        f"QUALIFY row_number() OVER (PARTITION BY {topic}, {kinds} ORDER BY {names}) = 1"
    )
    return [dict(zip(table.key, row, strict=True)) for row in found.fetchall()]


def red_checks() -> Iterator[str]:
    """The checks of bronze, silver and progress that fail, one after the other."""
    connection = stores()
    prepare(connection)
    find_conflicts(connection, REGISTRY)
    read_bytes(connection, REGISTRY)
    for name in ("L2", "L3", "L4"):
        level = script(f"levels/{LEVELS[name]}")
        connection.execute(level.preparation)
        for part in [*level.sections_of("check"), *(stated_checks() if name == LEVEL else [])]:
            if not check(connection, part).ok:
                yield part.name


def test_the_stores_agree_and_every_kind_of_row_is_there() -> None:
    assert list(red_checks()) == []
    assert {relation: len(rows(relation)) for relation in TABLES} == {
        "bronze.events": 5,
        "bronze.duplicates": 1,
        "bronze.quarantine": 2,
        "silver.orders": 1,
        "silver.clicks": 1,
        "silver.promotions": 1,
        "answers.progress": 5,
        "answers.orders": 2,
    }


@pytest.mark.parametrize("relation", TABLES)
def test_each_column_that_is_altered_is_red(relation: str) -> None:
    table, _ = TABLES[relation]
    unseen = []
    for column in table.columns:
        if column.name not in UNPROVED:
            for row in rows(relation):
                with with_row(relation, column, row):
                    if next(red_checks(), None) is None:
                        unseen.append((column.name, row))
    assert unseen == []


def test_what_is_unproved_is_a_column_and_says_why() -> None:
    names = {column.name for table, _ in TABLES.values() for column in table.columns}
    assert all(name in names and reason for name, reason in UNPROVED.items())

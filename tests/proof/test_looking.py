"""One look counts what the lake and the hot store do not show yet, for every published answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.tables.answer import Answer
from contracts.tables.columns import Type
from contracts.tables.questions import ANSWERS
from proof.looking import PUBLISH_SECONDS, look
from readers.postgres import Pg, connect

pytestmark = pytest.mark.e2e

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
PUBLISHED = [answer for answer in ANSWERS if answer.gold]
VALUES: dict[Type, Any] = {
    "uuid": "0b8e4a9e-5f65-4a1c-9a35-3d1f4f4b8a01",
    "text": "x",
    "texts": ["x"],
    "bigint": 1,
    "integer": 1,
    "boolean": False,
    "timestamp": NOW,
    "money": 1,
    "bytes": b"",
    "json": "{}",
}


@pytest.fixture
def stores(module_postgres: str) -> Iterator[Pg]:
    with connect(module_postgres, "test") as postgres:
        yield postgres
        for table in ["published", "journal", *(answer.table.name for answer in ANSWERS)]:
            postgres.execute(f"TRUNCATE {table}".encode())


def add(postgres: Pg, table: str, **values: Any) -> None:
    names, marks = ", ".join(values), ", ".join(f"%({name})s" for name in values)
    postgres.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})".encode(), values)


def add_row(postgres: Pg, answer: Answer, *, changed_in: int, closed: timedelta) -> None:
    """A row that closed this long before now."""
    values = {column.name: VALUES[column.type] for column in answer.table.written}
    closes = {answer.closes: NOW - closed} if answer.closes else {}
    add(postgres, answer.table.name, **values | closes | {"changed_in": changed_in})


def unpublished(postgres: Pg, name: str) -> int:
    return look(postgres, (), NOW.timestamp()).unpublished[name]


LONG_AGO, JUST_NOW = timedelta(hours=1), timedelta(seconds=PUBLISH_SECONDS - 1)


@pytest.mark.parametrize("answer", PUBLISHED, ids=lambda answer: answer.question)
def test_a_row_is_unpublished_until_the_mark_passes_its_last_change(
    answer: Answer, stores: Pg
) -> None:
    gold = answer.gold_table
    assert gold is not None
    assert unpublished(stores, gold.name) == 0
    add_row(stores, answer, changed_in=2, closed=LONG_AGO)
    assert unpublished(stores, gold.name) == 1
    add(stores, "published", table_name=gold.name, changed_in=1, closed_until=NOW)
    assert unpublished(stores, gold.name) == 1
    stores.execute("UPDATE published SET changed_in = 2")
    assert unpublished(stores, gold.name) == 0


@pytest.mark.parametrize(
    "answer", [each for each in PUBLISHED if each.closes], ids=lambda answer: answer.question
)
@pytest.mark.parametrize(
    ("closed", "until", "rows"),
    [
        pytest.param(JUST_NOW, LONG_AGO, 0, id="it closed a moment ago"),
        pytest.param(LONG_AGO, 2 * LONG_AGO, 1, id="it closed after the mark"),
        pytest.param(LONG_AGO, timedelta(0), 0, id="the mark passed its closing"),
    ],
)
def test_a_row_is_unpublished_until_the_mark_passes_its_closing(
    answer: Answer, closed: timedelta, until: timedelta, rows: int, stores: Pg
) -> None:
    gold = answer.gold_table
    assert gold is not None
    add_row(stores, answer, changed_in=1, closed=closed)
    add(stores, "published", table_name=gold.name, changed_in=1, closed_until=NOW - until)
    assert unpublished(stores, gold.name) == rows


def test_batches_of_clicks_are_behind_until_the_hot_store_has_them(stores: Pg) -> None:
    assert unpublished(stores, "valkey") == 0
    shared = {"batch_id": 1, "epoch": 1, "ranges": "[]", "counts": "{}", "started_at": NOW}
    for application, sequence in (("clicks", 3), ("orders", 9)):
        add(stores, "journal", application=application, sequence=sequence, **shared)
    assert unpublished(stores, "valkey") == 3
    add(stores, "published", table_name="valkey", changed_in=3, closed_until=NOW)
    assert unpublished(stores, "valkey") == 0
    assert look(stores, (), NOW.timestamp()).journal == {"clicks": 3, "orders": 9}

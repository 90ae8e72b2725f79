"""Sessions in Postgres: a batch's sessions join those stored, and what was absorbed says so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pyarrow as pa
import pytest

from emr_jobs.questions.sessions import QUESTION
from emr_jobs.stores.arrow_copy import arrow_schema
from emr_jobs.stores.postgres_merge import merge_partials

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def batch(*clicks: tuple[str, float, str], currency: str = "EUR") -> pa.Table:
    """A view of a product by a user at a minute after noon: each a session of its own."""
    return pa.Table.from_pylist(
        [
            {
                "user_id": user,
                "currency": currency,
                "started_at": NOON + timedelta(minutes=minute),
                "ended_at": NOON + timedelta(minutes=minute),
                "region": "Europe",
                "events": 1,
                "views": 0,
                "carts": 0,
                "purchases": 1,
                "removals": 0,
                "revenue": Decimal("2.50"),
                "products": [product],
            }
            for user, minute, product in clicks
        ],
        arrow_schema(QUESTION.answer.table, QUESTION.merge.given),
    )


def stored(connection: psycopg.Connection[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """User, minutes of start and end, events, revenue, products and whether it was absorbed."""
    rows = connection.execute(
        "SELECT user_id, started_at, ended_at, events, revenue, products, absorbed FROM sessions "
        "ORDER BY user_id, started_at"
    ).fetchall()
    minute = timedelta(minutes=1)
    return [(u, (s - NOON) / minute, (e - NOON) / minute, *rest) for u, s, e, *rest in rows]


@pytest.fixture
def connection(postgres: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    with psycopg.connect(postgres, autocommit=True) as connection:
        yield connection


def merge(connection: psycopg.Connection[tuple[Any, ...]], sequence: int, rows: pa.Table) -> int:
    with connection.transaction():
        return merge_partials(connection, QUESTION.merge, rows, sequence)


def test_a_late_click_between_two_sessions_makes_them_one(
    connection: psycopg.Connection[tuple[Any, ...]],
) -> None:
    merge(connection, 1, batch(("u", 0, "a"), ("u", 40, "b"), ("v", 10, "a")))
    assert merge(connection, 2, batch(("u", 20, 'odd "name", \\ {x}'))) == 2
    assert stored(connection) == [
        ("u", 0, 40, 3, Decimal("7.50"), ["a", "b", 'odd "name", \\ {x}'], False),
        ("u", 40, 40, 0, Decimal(0), [], True),
        ("v", 10, 10, 1, Decimal("2.50"), ["a"], False),
    ]
    changed = "SELECT started_at FROM sessions WHERE changed_in = 2 ORDER BY started_at"
    assert len(connection.execute(changed).fetchall()) == 2, "both days are to be published again"


@pytest.mark.parametrize(
    ("minute", "sessions"),
    [
        pytest.param(30, 2, id="exactly the gap after it"),
        pytest.param(29, 1, id="within the gap after it"),
        pytest.param(-30, 2, id="exactly the gap before it"),
        pytest.param(-29, 1, id="within the gap before it"),
    ],
)
def test_the_gap_is_the_same_between_batches(
    connection: psycopg.Connection[tuple[Any, ...]], minute: int, sessions: int
) -> None:
    merge(connection, 1, batch(("u", 0, "a")))
    merge(connection, 2, batch(("u", minute, "a")))
    alive = connection.execute("SELECT count(*) FROM sessions WHERE NOT absorbed").fetchone()
    assert alive == (sessions,)


def test_what_is_bought_in_another_currency_is_another_session(
    connection: psycopg.Connection[tuple[Any, ...]],
) -> None:
    merge(connection, 1, batch(("u", 0, "a")))
    merge(connection, 2, batch(("u", 1, "a"), currency="GBP"))
    assert len(stored(connection)) == 2


def test_an_empty_batch_touches_nothing(
    connection: psycopg.Connection[tuple[Any, ...]],
) -> None:
    assert merge(connection, 1, batch()) == 0
    assert stored(connection) == []

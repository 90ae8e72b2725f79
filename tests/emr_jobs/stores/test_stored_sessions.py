"""Sessions in Postgres: a batch's sessions join those stored, and what was absorbed says so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

import psycopg
import pyarrow as pa
import pytest
from psycopg.rows import dict_row

from contracts.tables.answer import CHANGED_IN
from emr_jobs.kernel.merge import Fold, Rows
from emr_jobs.questions.sessions import GAP, QUESTION
from emr_jobs.stores.arrow_copy import arrow_schema
from emr_jobs.stores.postgres_merge import merge_partials

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FOLD = QUESTION.merge
assert isinstance(FOLD, Fold)
SCHEMA = arrow_schema(QUESTION.answer.table, FOLD.given)
MICRO, MINUTE = timedelta(microseconds=1), timedelta(minutes=1)
ZERO = 0 * MINUTE
# Sessions of a user by start and end after noon.
Spans: TypeAlias = list[tuple[timedelta, timedelta]]


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
        SCHEMA,
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


def spans(times: Spans, user: str = "u", currency: str = "EUR") -> pa.Table:
    """Sessions with these times, no two of them with the same numbers, products or region."""
    return pa.Table.from_pylist(
        [
            {
                "user_id": user,
                "currency": currency,
                "started_at": NOON + start,
                "ended_at": NOON + end,
                "region": f"{'zZé'[number % 3]}{start}",
                **dict.fromkeys(("events", "views", "carts", "purchases", "removals"), 1 << number),
                "revenue": Decimal(1 << number).scaleb(-2),
                "products": ["shared", f"{'bBß'[number % 3]}{end}", "shared"] if number else [],
            }
            for number, (start, end) in enumerate(times)
        ],
        SCHEMA,
    )


def same_as_in_python(
    connection: psycopg.Connection[tuple[Any, ...]], *batches: pa.Table
) -> list[tuple[timedelta, timedelta]]:
    """Merge the batches in one transaction and by the rules in Python; returns the times of the
    sessions, which are equal in all columns."""
    reference: Rows = {}
    with connection.transaction():
        for sequence, rows in enumerate(batches, start=1):
            merge_partials(connection, QUESTION.merge, rows, sequence)
            numbered = [{**row, CHANGED_IN.name: sequence} for row in rows.to_pylist()]
            QUESTION.merge.apply(reference, numbered)
    names = [column.name for column in QUESTION.answer.table.written]
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute("SELECT * FROM sessions").fetchall()
    expected = sorted(reference.items())
    assert sorted(
        ((row["user_id"], row["currency"], row["started_at"]), {name: row[name] for name in names})
        for row in found
    ) == [(key, {name: row[name] for name in names}) for key, row in expected]
    return [
        (row["started_at"] - NOON, row["ended_at"] - NOON)
        for _, row in expected
        if not row["absorbed"]
    ]


@pytest.mark.parametrize(
    ("batches", "sessions"),
    [
        pytest.param(
            [[(ZERO, ZERO), (GAP, GAP)]], [(ZERO, ZERO), (GAP, GAP)], id="the gap apart: two"
        ),
        pytest.param(
            [[(ZERO, ZERO)], [(GAP, GAP)]],
            [(ZERO, ZERO), (GAP, GAP)],
            id="the gap after a stored one: two",
        ),
        pytest.param(
            [[(GAP, GAP)], [(ZERO, ZERO)]],
            [(ZERO, ZERO), (GAP, GAP)],
            id="the gap before a stored one: two",
        ),
        pytest.param(
            [[(ZERO, ZERO), (GAP - MICRO, GAP - MICRO)]],
            [(ZERO, GAP - MICRO)],
            id="a microsecond less: one",
        ),
        pytest.param(
            [[(ZERO, ZERO)], [(GAP - MICRO, GAP - MICRO)]],
            [(ZERO, GAP - MICRO)],
            id="a microsecond less than the gap after a stored one: one",
        ),
        pytest.param(
            [[(GAP - MICRO, GAP)], [(ZERO, ZERO)]],
            [(ZERO, GAP)],
            id="a microsecond less than the gap before a stored one: one",
        ),
        pytest.param(
            [[(ZERO, 100 * MINUTE)], [(10 * MINUTE, 10 * MINUTE), (120 * MINUTE, 120 * MINUTE)]],
            [(ZERO, 120 * MINUTE)],
            id="a long one reaches past a short one that starts later",
        ),
        pytest.param(
            [[(ZERO, MINUTE)], [(ZERO, 2 * MINUTE)], [(MINUTE, 2 * MINUTE)]],
            [(ZERO, 2 * MINUTE)],
            id="the same start, then the same end",
        ),
        pytest.param(
            [
                [(n * 40 * MINUTE, n * 40 * MINUTE) for n in range(4)],
                [(n * 40 * MINUTE, n * 40 * MINUTE) for n in (0.5, 1.5, 2.5)],
            ],
            [(ZERO, 120 * MINUTE)],
            id="late clicks chain four, each of them touched twice",
        ),
        pytest.param(
            [
                [(ZERO, ZERO), (40 * MINUTE, 40 * MINUTE)],
                [(20 * MINUTE, 20 * MINUTE)],
                [(55 * MINUTE, 55 * MINUTE)],
                [(90 * MINUTE, 90 * MINUTE)],
            ],
            [(ZERO, 55 * MINUTE), (90 * MINUTE, 90 * MINUTE)],
            id="what was absorbed is not found again",
        ),
    ],
)
def test_postgres_joins_as_python_does(
    connection: psycopg.Connection[tuple[Any, ...]], batches: list[Spans], sessions: Spans
) -> None:
    assert same_as_in_python(connection, *map(spans, batches)) == sessions


def test_others_are_left_alone(connection: psycopg.Connection[tuple[Any, ...]]) -> None:
    def at(*minutes: int) -> Spans:
        return [(minute * MINUTE, minute * MINUTE) for minute in minutes]

    day, beside = at(*range(0, 1440, 60)), at(*range(10, 1440, 60))
    found = same_as_in_python(
        connection,
        pa.concat_tables([spans(day), spans(day, user="é"), spans(beside, currency="GBP")]),
        pa.concat_tables([spans(at(181, 1381)), spans(at(191), currency="GBP")]),
    )
    assert len(found) == 3 * 24
    touched = "SELECT count(*) FROM sessions WHERE changed_in = 2"
    assert connection.execute(touched).fetchone() == (3,)


def test_the_plan_reads_the_index_though_nothing_is_known_of_the_tables(
    connection: psycopg.Connection[tuple[Any, ...]],
) -> None:
    merge(connection, 1, batch(*(("u", 30 * number, "a") for number in range(500))))
    connection.execute("CREATE TABLE partials AS SELECT * FROM sessions")
    plan = connection.execute(f"EXPLAIN {FOLD.join_sql('partials')}").fetchall()
    assert not [line for (line,) in plan if "Seq Scan on sessions" in line]

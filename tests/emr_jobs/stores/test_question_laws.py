"""The laws of every question, over its rules in Python and over the SQL that Postgres runs.

Partial answers that come in any order, cut into any batches, give the same answers. Rows are made
from the columns of the question's table, so a question that is new is tried without an edit here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row

from contracts.tables.answer import CHANGED_IN
from contracts.tables.columns import Column, Type
from emr_jobs.kernel.merge import Fold, Merge, Row, Rows, keep, row_key
from emr_jobs.kernel.question import Question
from emr_jobs.kernel.sketches import sketch_estimate
from emr_jobs.questions import QUESTIONS
from emr_jobs.stores.arrow_copy import arrow_schema
from emr_jobs.stores.postgres_merge import merge_partials
from tests.emr_jobs.kernel.test_sketches import people, sketch_of

pytestmark = pytest.mark.e2e

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
every_question = pytest.mark.parametrize(
    "question", [pytest.param(each, id=each.name) for each in QUESTIONS]
)
# A text sorts as Python sorts it, whatever the database's collation.
_TEXTS = st.sampled_from(["", "a", "B", "Z", "ß", "é", "Überall", 'odd "x", \\ {y}', "\U0001f6d2"])
# Half an hour apart, or a microsecond less or more, is what most pairs are not by chance.
_TIMES = st.builds(
    lambda ten_minutes, micros: NOON + timedelta(minutes=10 * ten_minutes, microseconds=micros),
    st.integers(0, 15),
    st.sampled_from([0, 0, -1, 1]),
)
_SKETCHES = st.integers(0, 40).map(lambda end: sketch_of(people(end - 3, end)) if end > 2 else None)
_VALUES: dict[Type, st.SearchStrategy[Any]] = {
    "uuid": st.builds(UUID, int=st.integers(1, 5)).map(str),
    "text": _TEXTS,
    "texts": st.lists(_TEXTS, max_size=4),
    "bigint": st.integers(-1_000, 1_000_000),
    "integer": st.integers(0, 9),
    "boolean": st.booleans(),
    "timestamp": _TIMES,
    "money": st.integers(-10_000, 10_000_000).map(lambda minor: Decimal(minor).scaleb(-2)),
    "bytes": _SKETCHES,
    "json": st.builds(lambda text: json.dumps({"shown": text}), _TEXTS),
}
# Few keys, so that partials meet.
_KEYS: dict[Type, st.SearchStrategy[Any]] = _VALUES | {"text": st.sampled_from(["a", "é"])}


def given_names(question: Question[Any]) -> list[str]:
    return [name for name in question.merge.given if name != CHANGED_IN.name]


def value_of(column: Column, pool: dict[Type, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    values = pool[column.type]
    return st.none() | values if column.nullable and column.type != "bytes" else values


@st.composite
def batches_of(draw: st.DrawFn, question: Question[Any]) -> list[list[Row]]:
    """Batches of partials, each with at most one row per key. What a rule keeps follows from the
    key, and the times of a row are in the order of its columns."""
    table, names = question.answer.table, given_names(question)
    times = [name for name in names if table.column(name).type == "timestamp"]
    kept: dict[tuple[str, tuple[Any, ...]], Any] = {}

    def row() -> Row:
        made = {
            name: draw(value_of(table.column(name), _KEYS if name in table.key else _VALUES))
            for name in names
        }
        if isinstance(question.merge, Fold):
            made |= dict(zip(times, sorted(made[name] for name in times), strict=True))
            return made
        key = row_key(table, made)
        for name, rule in question.merge.columns.items():
            if rule == keep:
                made[name] = kept.setdefault((name, key), made[name])
        for name, estimate in question.merge.sketches.items():
            made[estimate] = sketch_estimate(made[name])
        return made

    batches = []
    for _ in range(draw(st.integers(1, 4))):
        rows = [row() for _ in range(draw(st.integers(0, 6)))]
        batches.append(list({row_key(table, each): each for each in rows}.values()))
    return batches


def numbered(rows: Sequence[Row], sequence: int) -> list[Row]:
    return [{**row, CHANGED_IN.name: sequence} for row in rows]


def answered(question: Question[Any], rows: Sequence[Row]) -> list[dict[str, Any]]:
    """What a reader sees of the rows: sketches by their estimate, and no row that was emptied."""
    merge = question.merge
    hidden = {CHANGED_IN.name, *(merge.sketches if isinstance(merge, Merge) else ())}
    shown = merge.given if isinstance(merge, Merge) else merge.written
    return sorted(
        (
            {name: row[name] for name in shown if name not in hidden}
            for row in rows
            if isinstance(merge, Merge) or not row[merge.emptied]
        ),
        key=repr,
    )


def in_python(question: Question[Any], batches: Sequence[Sequence[Row]]) -> Rows:
    stored: Rows = {}
    for sequence, batch in enumerate(batches, start=1):
        question.merge.apply(stored, numbered(batch, sequence))
    return stored


@every_question
@given(data=st.data())
@settings(max_examples=60)
def test_any_order_and_any_batching_gives_the_same_answer(
    question: Question[Any], data: st.DataObject
) -> None:
    batches = data.draw(batches_of(question))
    expected = answered(question, list(in_python(question, batches).values()))
    shuffled = data.draw(st.permutations(batches))
    assert answered(question, list(in_python(question, shuffled).values())) == expected
    cut = data.draw(st.integers(0, len(batches)))
    halves = [in_python(question, part) for part in (batches[:cut], batches[cut:])]
    partials = [alive(question, half) for half in halves]
    assert answered(question, list(in_python(question, partials).values())) == expected


def alive(question: Question[Any], stored: Rows) -> list[Row]:
    """The rows as partial answers of one larger batch."""
    merge = question.merge
    return [
        {name: row[name] for name in given_names(question)}
        for row in stored.values()
        if isinstance(merge, Merge) or not row[merge.emptied]
    ]


@pytest.fixture(scope="module")
def connection(module_postgres: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(module_postgres, autocommit=True) as connection:
        yield connection


@every_question
@given(data=st.data())
@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_postgres_answers_as_the_rules_do(
    question: Question[Any], connection: psycopg.Connection[Any], data: st.DataObject
) -> None:
    batches = data.draw(batches_of(question))
    table = question.answer.table
    schema = arrow_schema(table, given_names(question))
    connection.execute(f"TRUNCATE {table.name}".encode())
    stored: Rows = {}
    in_one_transaction = data.draw(st.booleans())
    with connection.transaction() if in_one_transaction else nullcontext():
        for sequence, batch in enumerate(batches, start=1):
            before = dict(stored)
            question.merge.apply(stored, numbered(batch, sequence))
            with connection.transaction():
                rows = pa.Table.from_pylist(list(batch), schema)
                touched = merge_partials(connection, question.merge, rows, sequence)
            changed = [key for key, row in stored.items() if before.get(key) != row]
            assert touched >= len(changed)
    names = [column.name for column in table.written if not column.default]
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(f"SELECT * FROM {table.name}".encode()).fetchall()
    shown = [{name: _plain(row[name]) for name in names} for row in found]
    assert sorted(shown, key=repr) == sorted(
        ({name: _plain(row[name]) for name in names if name in row} for row in stored.values()),
        key=repr,
    )


def _plain(value: Any) -> Any:
    """A value as both sides hold it: a sketch by its members' number."""
    match value:
        case UUID():
            return str(value)
        case bytes():
            return sketch_estimate(value)
        case dict():
            return json.dumps(value)
        case datetime():
            return value.astimezone(UTC)
    return value

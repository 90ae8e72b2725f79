"""What Arrow holds is what Postgres then holds, however the rows were cut and put together."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emr_jobs.stores.arrow_copy import copy_into
from emr_jobs.stores.postgres import Pg

pytestmark = pytest.mark.e2e

SCHEMA = pa.schema(
    [
        ("words", pa.string()),
        ("bytes", pa.binary()),
        ("lists", pa.list_(pa.string())),
        ("at", pa.timestamp("us", "UTC")),
        ("money", pa.decimal128(18, 2)),
        ("number", pa.int64()),
        ("flag", pa.bool_()),
    ]
)
_WORDS = st.text(
    st.sampled_from(['"', "\\", ",", "{", "}", "\n", "\r", " ", "é", "\U0001f6d2", "N"])
)
_TEXTS = st.one_of(_WORDS, st.sampled_from(["NULL", "\\N", "\\."]))
_ROWS = st.lists(
    st.tuples(
        st.none() | _TEXTS,
        st.none() | st.binary(max_size=9),
        st.none() | st.lists(st.none() | _TEXTS, max_size=4),
        st.none()
        | st.integers(-(10**15), 10**15).map(
            lambda us: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)
        ),
        st.none() | st.integers(-(10**17), 10**17).map(lambda minor: Decimal(minor).scaleb(-2)),
        st.none() | st.integers(-(2**63), 2**63 - 1),
        st.none() | st.booleans(),
    ),
    max_size=8,
)


@pytest.fixture(scope="module")
def connection(module_postgres: str) -> Iterator[Pg]:
    with psycopg.connect(module_postgres, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE copied (words text, bytes bytea, lists text[], at timestamptz, "
            "money numeric(18, 2), number bigint, flag boolean)"
        )
        yield connection


@given(chunks=st.lists(_ROWS, min_size=1, max_size=3), data=st.data())
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_copy_is_the_same(
    connection: Pg, chunks: list[list[tuple[Any, ...]]], data: st.DataObject
) -> None:
    whole = pa.concat_tables(
        pa.Table.from_pylist([dict(zip(SCHEMA.names, row, strict=True)) for row in rows], SCHEMA)
        for rows in chunks
    )
    start = data.draw(st.integers(0, whole.num_rows))
    rows = whole.slice(start, data.draw(st.integers(0, whole.num_rows)))
    with connection.transaction(force_rollback=True), connection.cursor() as cursor:
        copy_into(cursor, "copied", rows)
        found = cursor.execute("SELECT * FROM copied ORDER BY ctid").fetchall()
    assert [dict(zip(SCHEMA.names, row, strict=True)) for row in found] == rows.to_pylist()

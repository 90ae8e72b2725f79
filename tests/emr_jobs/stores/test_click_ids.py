"""Which clicks are remembered, and when an id may be left to silver."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pyarrow as pa
import pytest

from contracts.tables.postgres import CLICK_IDS
from emr_jobs.stores.arrow_copy import arrow_schema
from emr_jobs.stores.click_ids import REMEMBERED, AppliedUntil, forget
from emr_jobs.stores.postgres_merge import insert_unknown

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def clicks(*rows: tuple[int, int, int]) -> pa.Table:
    """(event number, partition, offset), appended at noon."""
    return pa.Table.from_pylist(
        [
            {
                "event_id": str(UUID(int=number)),
                "topic_id": "topic-1",
                "partition": partition,
                "offset": offset,
                "append_time": NOON,
            }
            for number, partition, offset in rows
        ],
        arrow_schema(CLICK_IDS, CLICK_IDS.names),
    )


@pytest.fixture
def connection(postgres: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    with psycopg.connect(postgres, autocommit=True) as connection:
        yield connection


def at(
    connection: psycopg.Connection[tuple[Any, ...]], application: str, until: dict[int, int]
) -> None:
    for partition, offset in until.items():
        connection.execute(
            "INSERT INTO progress (application, topic, topic_id, partition, until) "
            "VALUES (%s, 'ecommerce-clicks', 'topic-1', %s, %s)",
            (application, partition, offset),
        )


def test_a_copy_at_another_position_is_known(
    connection: psycopg.Connection[tuple[Any, ...]],
) -> None:
    with connection.transaction():
        assert insert_unknown(connection, CLICK_IDS, clicks((1, 0, 5), (2, 0, 6))) == set()
    with connection.transaction():
        known = insert_unknown(connection, CLICK_IDS, clicks((1, 1, 9), (3, 0, 7)))
    assert known == {str(UUID(int=1))}


@pytest.mark.parametrize(
    ("newest", "ingest", "own", "left"),
    [
        pytest.param(REMEMBERED, {0: 6, 1: 0}, {0: 6, 1: 0}, 1, id="not older than is remembered"),
        pytest.param(
            REMEMBERED + timedelta(microseconds=1), {0: 6, 1: 0}, {0: 6, 1: 0}, 0, id="in silver"
        ),
        pytest.param(
            2 * REMEMBERED, {0: 5, 1: 0}, {0: 6, 1: 0}, 1, id="silver ends just before it"
        ),
        pytest.param(
            2 * REMEMBERED,
            {0: 6, 1: 3},
            {0: 6, 1: 2},
            1,
            id="silver may have elected a copy that is not applied yet",
        ),
        pytest.param(2 * REMEMBERED, {0: 6, 7: 1}, {0: 6}, 1, id="of a partition that is new here"),
        pytest.param(2 * REMEMBERED, {}, {0: 6}, 1, id="ingest has never run"),
    ],
)
def test_an_id_is_forgotten_when_silver_knows_it_and_all_it_may_have_elected_is_applied(
    connection: psycopg.Connection[tuple[Any, ...]],
    newest: timedelta,
    ingest: dict[int, int],
    own: dict[int, int],
    left: int,
) -> None:
    with connection.transaction():
        insert_unknown(connection, CLICK_IDS, clicks((1, 0, 5)))
    at(connection, "ingest", ingest)
    at(connection, "clicks", own)
    assert forget(connection, "topic-1", NOON + newest) == 1 - left
    assert connection.execute("SELECT count(*) FROM click_ids").fetchone() == (left,)


@pytest.mark.parametrize(("ingest", "gone"), [(9, 1), (5, 0)], ids=["in silver", "never read"])
def test_ids_of_a_topic_that_is_gone_go_once_silver_has_them(
    ingest: int,
    gone: int,
    connection: psycopg.Connection[tuple[Any, ...]],
) -> None:
    with connection.transaction():
        insert_unknown(connection, CLICK_IDS, clicks((1, 0, 5)))
    at(connection, "ingest", {0: ingest})
    at(connection, "clicks", {0: 5})
    assert forget(connection, "topic-2", NOON + 2 * REMEMBERED) == gone


MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("seen", "applied", "ends", "until"),
    [
        pytest.param({}, {0: 5}, {0: 5}, NOON, id="all is applied"),
        pytest.param({0: -MINUTE}, {0: 5}, {0: 6}, NOON - MINUTE, id="one record is left"),
        pytest.param(
            {0: -MINUTE, 1: -9 * MINUTE},
            {0: 5, 1: 5},
            {0: 6, 1: 7},
            NOON - 9 * MINUTE,
            id="the partition that lags most",
        ),
        pytest.param(
            {0: -MINUTE, 1: -9 * MINUTE},
            {0: 5, 1: 7},
            {0: 6, 1: 7},
            NOON - MINUTE,
            id="an idle one",
        ),
        pytest.param({0: -MINUTE}, {0: 5}, {0: 6, 1: 1}, None, id="one that was never read"),
        pytest.param({}, {}, {0: 0}, NOON, id="an empty topic"),
    ],
)
def test_until_when_all_is_applied(
    seen: dict[int, timedelta],
    applied: dict[int, int],
    ends: dict[int, int],
    until: datetime | None,
) -> None:
    reached = AppliedUntil()
    reached.saw({partition: NOON + ago for partition, ago in seen.items()})
    assert reached.moment(applied, ends, NOON) == until

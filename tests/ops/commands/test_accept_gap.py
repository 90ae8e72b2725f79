"""What is missing for good, and how its loss is accepted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from contracts.errors import NotReady, ShopstreamError
from contracts.tables.postgres import ddl
from ops.commands.accept_gap import MissingRange, accept, missing, progress_of, unequal
from readers.kafka import PartitionOffsets

ORDERS = "ecommerce-orders"


def partition(low: int, number: int = 0, topic_id: str = "id") -> PartitionOffsets:
    return PartitionOffsets(ORDERS, topic_id, number, low, 90, 90)


def lost(application: str, first: int, until: int, number: int = 0) -> MissingRange:
    return MissingRange(application, ORDERS, "id", number, first, until)


APPLIED = {("ingest", "id", 0): 40, ("orders", "id", 0): 50}


@pytest.mark.parametrize(
    ("partitions", "found"),
    [
        pytest.param([partition(40)], [], id="all that is left can be read"),
        pytest.param([partition(41)], [lost("ingest", 40, 41)], id="one offset of one application"),
        pytest.param(
            [partition(60)],
            [lost("ingest", 40, 60), lost("orders", 50, 60)],
            id="each application misses what it had not applied",
        ),
        pytest.param(
            [partition(7, number=1)],
            [lost("ingest", 0, 7, 1), lost("orders", 0, 7, 1)],
            id="a partition without progress was never read",
        ),
        pytest.param([partition(60, topic_id="new")], [], id="a topic created again is no gap"),
    ],
)
def test_what_is_missing(partitions: list[PartitionOffsets], found: list[MissingRange]) -> None:
    assert missing(partitions, APPLIED) == found


def test_an_application_that_has_not_begun_misses_nothing() -> None:
    assert missing([partition(60)], {}) == []


@pytest.mark.parametrize(
    ("found", "told"),
    [
        pytest.param([lost("ingest", 4, 9), lost("orders", 4, 9)], [], id="equal"),
        pytest.param(
            [lost("ingest", 4, 9), lost("orders", 5, 9)], [f"{ORDERS}/0"], id="one read on"
        ),
        pytest.param([lost("ingest", 4, 9)], [f"{ORDERS}/0"], id="one read all"),
    ],
)
def test_applications_that_miss_other_offsets_are_told(
    found: list[MissingRange], told: list[str]
) -> None:
    assert unequal(found) == told


@pytest.fixture
def connection(postgres: str) -> Iterator[Any]:
    with psycopg.connect(postgres, autocommit=True) as connection:
        for statement in ddl():
            connection.execute(statement.encode())
        connection.execute("DELETE FROM skipped")
        connection.execute("DELETE FROM applications")
        connection.execute("DELETE FROM progress")
        connection.execute(
            "INSERT INTO progress VALUES ('ingest', %s, 'id', 0, 40), ('orders', %s, 'id', 0, 50)",
            (ORDERS, ORDERS),
        )
        connection.execute(
            "INSERT INTO applications VALUES ('orders', 1, 'here', 'stopped', '', now(), now())"
        )
        yield connection


AUDIT = "SELECT application, first, until, offsets, ranges, reason, accepted_by FROM skipped"


@pytest.mark.e2e
def test_an_accepted_loss_moves_the_progress_and_is_noted(connection: Any) -> None:
    accept(connection, [lost("orders", 50, 60), lost("orders", 0, 7, 1)], "ann@till")
    assert progress_of(connection) == {
        ("ingest", "id", 0): 40,
        ("orders", "id", 0): 60,
        ("orders", "id", 1): 7,
    }
    assert connection.execute(f"{AUDIT} ORDER BY partition").fetchall() == [
        ("orders", 50, 60, 10, [[50, 60]], "gap", "ann@till"),
        ("orders", 0, 7, 7, [[0, 7]], "gap", "ann@till"),
    ]


@pytest.mark.e2e
def test_a_range_that_is_not_where_the_progress_is_changes_nothing(connection: Any) -> None:
    with pytest.raises(ShopstreamError, match="has moved"):
        accept(connection, [lost("ingest", 40, 60), lost("orders", 49, 60)], "ann@till")
    assert progress_of(connection) == APPLIED
    assert connection.execute(AUDIT).fetchall() == []


@pytest.mark.e2e
def test_nothing_is_accepted_under_a_driver_that_lives(connection: Any) -> None:
    connection.execute("UPDATE applications SET state = 'running'")
    with pytest.raises(NotReady, match=r"driven: orders \(here\)"):
        accept(connection, [lost("orders", 50, 60)], "ann@till")
    assert progress_of(connection) == APPLIED

"""Progress, epochs and answers against a real Postgres."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

import psycopg
import pytest

from emr_jobs.kernel.crash_points import CrashPoints
from emr_jobs.kernel.errors import Conflict, DriverRefused, Superseded, TopicReplaced
from emr_jobs.kernel.lease import take
from emr_jobs.kernel.metrics import Metrics
from emr_jobs.kernel.progress import ProgressStore
from emr_jobs.kernel.ranges import OffsetRange
from emr_jobs.stores.lease import Heartbeat, PostgresDrivers
from emr_jobs.stores.postgres import Pg
from emr_jobs.stores.progress import PostgresProgress

pytestmark = pytest.mark.e2e

TOPIC = "ecommerce-orders"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
METRICS = Metrics("orders", lambda line: None, lambda: NOW)


@pytest.fixture
def connect(postgres: str) -> Iterator[Any]:
    opened: list[Pg] = []

    def open_one() -> Pg:
        opened.append(psycopg.connect(postgres, autocommit=True))
        return opened[-1]

    yield open_one
    for each in opened:
        each.close()


def driven(connect: Any, name: str, *, take_over: bool = False) -> tuple[Pg, ProgressStore[Pg]]:
    connection = connect()
    lease = take(PostgresDrivers(connect()), "orders", name, take_over=take_over)
    return connection, ProgressStore(
        PostgresProgress(connection), lease, CrashPoints().visit, METRICS
    )


def moved(start: int, end: int, partition: int = 0) -> list[OffsetRange]:
    return [OffsetRange(TOPIC, "id", partition, start, end)]


def test_the_first_start_writes_a_row_for_every_partition(connect: Any) -> None:
    _, store = driven(connect, "one")
    starts = store.begin({TOPIC: "id"}, {TOPIC: {0: 7, 1: 0}}, accept_new_topic=False)
    assert starts == {TOPIC: {0: 7, 1: 0}}
    assert store.applied() == {("id", 0): 7, ("id", 1): 0}


def test_the_second_start_goes_on_where_the_answers_stand(connect: Any) -> None:
    _, store = driven(connect, "one")
    store.begin({TOPIC: "id"}, {TOPIC: {0: 0}}, accept_new_topic=False)
    with store.commit(0, moved(0, 9), NOW):
        pass
    starts = store.begin({TOPIC: "id"}, {TOPIC: {0: 3, 1: 0}}, accept_new_topic=False)
    assert starts == {TOPIC: {0: 9, 1: 0}}


def test_a_commit_moves_progress_and_journal_together(connect: Any) -> None:
    connection, store = driven(connect, "one")
    store.begin({TOPIC: "id"}, {TOPIC: {0: 0}}, accept_new_topic=False)
    with store.commit(4, moved(0, 9), NOW) as commit:
        commit.counts["orders"] = 9
    assert store.applied() == {("id", 0): 9}
    rows = connection.execute("SELECT sequence, batch_id, ranges, counts FROM journal").fetchall()
    ranges = [{"topic": TOPIC, "topic_id": "id", "partition": 0, "from": 0, "until": 9}]
    assert rows == [(1, 4, ranges, {"orders": 9})]


def test_a_failure_inside_changes_nothing_at_all(connect: Any) -> None:
    connection, store = driven(connect, "one")
    store.begin({TOPIC: "id"}, {TOPIC: {0: 0}}, accept_new_topic=False)
    with pytest.raises(ZeroDivisionError), store.commit(0, moved(0, 9), NOW):
        _ = 1 / 0
    assert store.applied() == {("id", 0): 0}
    assert connection.execute("SELECT count(*) FROM journal").fetchone() == (0,)


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(4, id="behind: somebody applied these offsets"),
        pytest.param(12, id="ahead: offsets between are not applied"),
        pytest.param(0, id="from the beginning, though the partition has a row"),
    ],
)
def test_progress_is_moved_only_from_where_it_is(connect: Any, start: int) -> None:
    _, store = driven(connect, "one")
    store.begin({TOPIC: "id"}, {TOPIC: {0: 9}}, accept_new_topic=False)
    with pytest.raises(Conflict), store.commit(0, moved(start, 20), NOW):
        pass
    assert store.applied() == {("id", 0): 9}


def test_a_partition_added_while_running_gets_its_row(connect: Any) -> None:
    _, store = driven(connect, "one")
    store.begin({TOPIC: "id"}, {TOPIC: {0: 0}}, accept_new_topic=False)
    with store.commit(0, moved(0, 3, partition=5), NOW):
        pass
    assert store.applied()["id", 5] == 3


def test_a_second_driver_is_refused_while_the_first_lives(connect: Any) -> None:
    driven(connect, "first")
    with pytest.raises(DriverRefused, match="driven by first"):
        driven(connect, "second")


def test_a_driver_that_died_is_succeeded_at_once(postgres: str, connect: Any) -> None:
    with psycopg.connect(postgres, autocommit=True) as heart:
        take(PostgresDrivers(heart), "orders", "first", take_over=False)
    assert take(PostgresDrivers(connect()), "orders", "second", take_over=False).epoch == 2


def test_after_a_take_over_only_the_younger_commits(connect: Any) -> None:
    _, older = driven(connect, "first")
    older.begin({TOPIC: "id"}, {TOPIC: {0: 0}}, accept_new_topic=False)
    _, younger = driven(connect, "second", take_over=True)
    with pytest.raises(Superseded, match="second"), older.commit(0, moved(0, 5), NOW):
        pass
    with younger.commit(0, moved(0, 6), NOW):
        pass
    assert younger.applied() == {("id", 0): 6}


def test_the_heart_of_a_superseded_driver_says_so(postgres: str, connect: Any) -> None:
    heart = psycopg.connect(postgres, autocommit=True)
    lease = take(PostgresDrivers(heart), "orders", "first", take_over=False)
    take(PostgresDrivers(connect()), "orders", "second", take_over=True)
    beating = Heartbeat(partial(psycopg.connect, postgres, autocommit=True), lease, heart)
    beating.start()
    assert beating.superseded.wait(timeout=30)
    beating.stop()


def test_a_topic_created_again_stops_the_application_and_says_why(connect: Any) -> None:
    _, store = driven(connect, "one")
    store.begin({TOPIC: "id"}, {TOPIC: {0: 4}}, accept_new_topic=False)
    with pytest.raises(TopicReplaced, match=r"created again.*--accept-new-topic"):
        store.begin({TOPIC: "new"}, {TOPIC: {0: 0}}, accept_new_topic=False)


def test_a_topic_created_again_is_read_from_its_beginning_when_accepted(connect: Any) -> None:
    _, store = driven(connect, "one")
    store.begin({TOPIC: "id"}, {TOPIC: {0: 4}}, accept_new_topic=False)
    starts = store.begin({TOPIC: "new"}, {TOPIC: {0: 0}}, accept_new_topic=True)
    assert starts == {TOPIC: {0: 0}}
    assert store.applied() == {("id", 0): 4, ("new", 0): 0}

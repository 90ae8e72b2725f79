"""What the kernel asks of its store of progress, over Postgres and over the simulator's memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from emr_jobs.kernel.errors import Conflict, DriverRefused, Superseded
from emr_jobs.kernel.lease import DriverRows, take
from emr_jobs.kernel.metrics import Metrics
from emr_jobs.kernel.outbox import Outbox, relay
from emr_jobs.kernel.progress import ProgressRows, ProgressStore
from emr_jobs.kernel.ranges import OffsetRange
from emr_jobs.publish.outbox import PostgresOutbox
from emr_jobs.stores.lease import PostgresDrivers
from emr_jobs.stores.progress import PostgresProgress
from tests.simulation.stores.calls import Calls
from tests.simulation.stores.database import Database, MemoryOutbox, Session

NOW = datetime(2026, 1, 1, tzinfo=UTC)
METRICS = Metrics("orders", lambda line: None, lambda: NOW)
TOPIC = "ecommerce-orders"


class Memory:
    """Connections to one database of the simulator."""

    def __init__(self) -> None:
        self._database = Database()

    def session(self) -> Session:
        return Session(self._database, Calls(Counter(), lambda what: None), lambda: 0)

    def progress(self) -> ProgressRows[Any]:
        return self.session()

    def skipped(self) -> dict[tuple[str, str, int], list[int]]:
        table = self._database.table("skipped")
        return {key: sorted(numbers) for key, numbers in table.items()}

    def drivers(self) -> DriverRows:
        return self.session()

    def outbox(self, rows: Any, keys: list[str]) -> Outbox:
        outbox = MemoryOutbox(rows)
        for key in keys:
            outbox.enqueue(key)
        return outbox


class Postgres:
    """Connections to a real one."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.opened: list[psycopg.Connection[Any]] = []

    def _connect(self) -> psycopg.Connection[Any]:
        self.opened.append(psycopg.connect(self._url, autocommit=True))
        return self.opened[-1]

    def progress(self) -> ProgressRows[Any]:
        return PostgresProgress(self._connect())

    def skipped(self) -> dict[tuple[str, str, int], list[int]]:
        rows = self._connect().execute(
            'SELECT application, topic_id, "partition", first, until, offsets, ranges FROM skipped'
        )
        found: dict[tuple[str, str, int], list[int]] = {}
        for *key, first, until, offsets, ranges in rows:
            numbers = [n for start, end in ranges for n in range(start, end)]
            assert (first, until, offsets) == (numbers[0], numbers[-1] + 1, len(numbers))
            found[tuple(key)] = numbers
        return found

    def drivers(self) -> DriverRows:
        return PostgresDrivers(self._connect())

    def outbox(self, rows: Any, keys: list[str]) -> Outbox:
        outbox = PostgresOutbox(self._connect(), "orders")
        outbox.enqueue([("alerts", key.encode(), b"") for key in keys])
        return outbox


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.e2e)])
def store(request: pytest.FixtureRequest) -> Iterator[Memory | Postgres]:
    if request.param == "memory":
        yield Memory()
        return
    postgres = Postgres(request.getfixturevalue("postgres"))
    yield postgres
    for connection in postgres.opened:
        connection.close()


def begun(store: Memory | Postgres, name: str, **offsets: int) -> ProgressStore[Any]:
    lease = take(store.drivers(), "orders", name, take_over=True)
    progress = ProgressStore(store.progress(), lease, lambda point: None, METRICS)
    first = {int(partition[1:]): offset for partition, offset in offsets.items()}
    progress.begin({TOPIC: "id"}, {TOPIC: first}, accept_new_topic=False)
    return progress


def moved(start: int, end: int, partition: int = 0) -> list[OffsetRange]:
    return [OffsetRange(TOPIC, "id", partition, start, end)]


def test_every_partition_gets_a_row_at_the_first_start_alone(store: Memory | Postgres) -> None:
    assert begun(store, "one", p0=7, p1=0).applied() == {("id", 0): 7, ("id", 1): 0}
    assert begun(store, "two", p0=9, p1=9).applied() == {("id", 0): 7, ("id", 1): 0}


def test_commits_are_numbered_and_move_the_progress(store: Memory | Postgres) -> None:
    progress = begun(store, "one", p0=0)
    for number, (start, end) in enumerate([(0, 4), (4, 9)], 1):
        with progress.commit(number, moved(start, end), NOW) as commit:
            assert commit.sequence == number
    assert progress.applied() == {("id", 0): 9}


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_a_transaction_that_ends_early_leaves_nothing(
    store: Memory | Postgres, error: type[BaseException]
) -> None:
    progress = begun(store, "one", p0=0)
    with pytest.raises(error), progress.commit(1, moved(0, 4), NOW):
        raise error
    with progress.commit(1, moved(0, 5), NOW) as commit:
        assert commit.sequence == 1
    assert progress.applied() == {("id", 0): 5}


def test_offsets_without_a_record_are_kept_with_the_progress_or_not_at_all(
    store: Memory | Postgres,
) -> None:
    progress = begun(store, "one", p0=0, p1=0)
    ranges = [*moved(0, 9), *moved(0, 4, partition=1)]
    with pytest.raises(ZeroDivisionError), progress.commit(1, ranges, NOW) as commit:
        commit.skipped = (*moved(2, 5),)
        raise ZeroDivisionError
    assert store.skipped() == {}
    with progress.commit(1, ranges, NOW) as commit:
        commit.skipped = (*moved(7, 9), *moved(2, 5), *moved(3, 4, partition=1))
    assert store.skipped() == {("orders", "id", 0): [2, 3, 4, 7, 8], ("orders", "id", 1): [3]}
    assert commit.counts == {"skipped": 6}


@pytest.mark.parametrize("start", [0, 4, 12])
def test_progress_moves_from_where_it_is_alone(store: Memory | Postgres, start: int) -> None:
    progress = begun(store, "one", p0=9)
    with pytest.raises(Conflict), progress.commit(1, moved(start, 20), NOW):
        pass
    assert progress.applied() == {("id", 0): 9}


def test_a_partition_that_was_added_gets_its_row_with_its_first_batch(
    store: Memory | Postgres,
) -> None:
    progress = begun(store, "one", p0=0)
    with progress.commit(1, moved(0, 3, partition=5), NOW):
        pass
    assert progress.applied()["id", 5] == 3


def test_of_two_drivers_the_younger_commits(store: Memory | Postgres) -> None:
    older, younger = begun(store, "first", p0=0), begun(store, "second", p0=0)
    with pytest.raises(Superseded, match="second"), older.commit(1, moved(0, 5), NOW):
        pass
    with younger.commit(1, moved(0, 6), NOW):
        pass
    assert older.applied() == {("id", 0): 6}


def test_a_driver_is_refused_while_another_holds_the_lock(store: Memory | Postgres) -> None:
    heart = store.drivers()
    first = take(heart, "orders", "first", take_over=False)
    with pytest.raises(DriverRefused, match="first"):
        take(store.drivers(), "orders", "second", take_over=False)
    second = take(store.drivers(), "orders", "second", take_over=True)
    assert (first.epoch, second.epoch) == (1, 2)
    assert (first.locked, second.locked) == (True, False)


def test_the_outbox_gives_messages_in_order_until_they_are_marked(
    store: Memory | Postgres,
) -> None:
    sent: list[bytes] = []

    class Sender:
        def send(self, messages: Any) -> None:
            sent.extend(key for _, key, _ in messages)

    keys = ["a", "b", "c"]
    outbox = store.outbox(store.progress(), keys)
    assert [each.key for each in outbox.unsent(2)] == [b"a", b"b"]
    assert relay(outbox, Sender()) == 3
    assert sent == [b"a", b"b", b"c"]
    assert relay(outbox, Sender()) == 0

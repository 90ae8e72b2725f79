"""Which clicks were counted before, over Postgres and over the simulator's memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emr_jobs.stores.click_ids.blocks import PostgresBlocks
from emr_jobs.stores.click_ids.forgetting import REMEMBERED
from emr_jobs.stores.click_ids.packed import hashes_of, packed
from emr_jobs.stores.click_ids.remembering import ClickIds
from emr_jobs.stores.progress import PostgresProgress
from tests.emr_jobs.stores.click_tables import NOON, TOPIC_ID, clicks, text_of
from tests.simulation.stores.calls import Calls
from tests.simulation.stores.click_blocks import MemoryBlocks
from tests.simulation.stores.database import Database, Session

# Two ids that have one hash, so memory cannot tell them apart.
TWINS = (
    UUID("3d733799-e183-def1-5e97-1a2df0204f17").int,
    UUID("3d733799-b413-fb39-a3c3-7fc81e746681").int,
)


class Memory:
    """One database of the simulator."""

    def __init__(self) -> None:
        self._session = Session(Database(), Calls(Counter(), lambda what: None), lambda: 0)

    def driver(self) -> ClickIds[Any]:
        return ClickIds(MemoryBlocks())

    def transaction(self) -> AbstractContextManager[Any]:
        return self._session.transaction()

    def apply(self, application: str, until: Mapping[int, int]) -> None:
        self._session.insert(application, "clicks", TOPIC_ID, until)


class Postgres:
    """One database of Postgres."""

    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        self._progress = PostgresProgress(connection)

    def driver(self) -> ClickIds[Any]:
        return ClickIds(PostgresBlocks())

    def transaction(self) -> AbstractContextManager[Any]:
        return self._progress.transaction()

    def apply(self, application: str, until: Mapping[int, int]) -> None:
        self._progress.insert(application, "clicks", TOPIC_ID, until)


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.e2e)])
def store(request: pytest.FixtureRequest) -> Iterator[Memory | Postgres]:
    if request.param == "memory":
        yield Memory()
        return
    with psycopg.connect(request.getfixturevalue("postgres"), autocommit=True) as connection:
        yield Postgres(connection)


def remembered(
    store: Memory | Postgres, driver: ClickIds[Any], sequence: int, batch: pa.Table
) -> set[str]:
    """What a committed batch knows already."""
    with store.transaction() as connection:
        return driver.remember(connection, sequence, batch)


def test_a_copy_in_a_later_batch_is_known(store: Memory | Postgres) -> None:
    driver = store.driver()
    assert remembered(store, driver, 1, clicks((1, 0, 5), (2, 1, 6))) == set()
    assert remembered(store, driver, 2, clicks((3, 0, 7))) == set()
    batch = clicks((1, 1, 9), (4, 0, 8), (3, 1, 10), (2, 0, 9))
    assert remembered(store, driver, 3, batch) == {text_of(number) for number in (1, 2, 3)}
    assert remembered(store, driver, 4, clicks((4, 1, 11), (1, 0, 12))) == {text_of(4), text_of(1)}
    again = store.driver()
    assert remembered(store, again, 5, clicks()) == set()
    assert again.marks == 4


def test_ids_of_one_hash_are_told_apart(store: Memory | Postgres) -> None:
    driver, (one, other) = store.driver(), TWINS
    hashes = hashes_of(packed(clicks((one, 0, 1), (other, 0, 2))["event_id"]))
    assert hashes[0] == hashes[1]
    assert remembered(store, driver, 1, clicks((one, 0, 1))) == set()
    assert remembered(store, driver, 2, clicks((other, 0, 2))) == set()
    batch = clicks((one, 0, 3), (other, 0, 4))
    assert remembered(store, driver, 3, batch) == {text_of(one), text_of(other)}


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_a_batch_that_is_not_committed_is_not_known(
    store: Memory | Postgres, error: type[BaseException]
) -> None:
    driver = store.driver()
    with pytest.raises(error), store.transaction() as connection:
        driver.remember(connection, 1, clicks((1, 0, 1)))
        raise error
    assert remembered(store, driver, 1, clicks((1, 0, 1), (2, 0, 2))) == set()
    assert remembered(store, driver, 2, clicks((1, 1, 1))) == {text_of(1)}


def test_a_driver_knows_what_others_have_committed(store: Memory | Postgres) -> None:
    """They take over from each other, and a batch of each is rolled back."""
    one, other = store.driver(), store.driver()
    remembered(store, one, 1, clicks((1, 0, 1)))
    assert remembered(store, other, 2, clicks((1, 1, 1), (2, 0, 2))) == {text_of(1)}
    with pytest.raises(ZeroDivisionError), store.transaction() as connection:
        one.remember(connection, 3, clicks((3, 0, 3)))
        raise ZeroDivisionError
    assert remembered(store, other, 3, clicks((3, 0, 3), (2, 1, 2))) == {text_of(2)}
    assert remembered(store, one, 4, clicks((1, 0, 4), (2, 0, 5), (3, 0, 6))) == {
        text_of(number) for number in (1, 2, 3)
    }


FORGOTTEN = [
    pytest.param(REMEMBERED, {0: 6, 1: 0}, {0: 6, 1: 0}, True, id="not older than is remembered"),
    pytest.param(
        REMEMBERED + timedelta(microseconds=1), {0: 6, 1: 0}, {0: 6, 1: 0}, False, id="in silver"
    ),
    pytest.param(2 * REMEMBERED, {0: 5, 1: 0}, {0: 6, 1: 0}, True, id="silver ends before it"),
    pytest.param(
        2 * REMEMBERED,
        {0: 6, 1: 3},
        {0: 6, 1: 2},
        True,
        id="silver may have elected a copy that is not applied yet",
    ),
    pytest.param(2 * REMEMBERED, {0: 6, 7: 1}, {0: 6}, True, id="of a partition that is new here"),
    pytest.param(2 * REMEMBERED, {}, {0: 6}, True, id="ingest has never run"),
]


@pytest.mark.parametrize(("newest", "ingest", "own", "known"), FORGOTTEN)
def test_ids_are_forgotten_when_silver_knows_them_and_all_it_may_have_elected_is_applied(
    store: Memory | Postgres,
    newest: timedelta,
    ingest: dict[int, int],
    own: dict[int, int],
    known: bool,
) -> None:
    driver = store.driver()
    earlier = clicks((2, 0, 3), at=NOON - timedelta(hours=1))
    remembered(store, driver, 1, pa.concat_tables([clicks((1, 0, 5)), earlier]))
    store.apply("ingest", ingest)
    store.apply("clicks", own)
    with store.transaction() as connection:
        driver.forget(connection, TOPIC_ID, NOON + newest)
    for each in (driver, store.driver()):
        assert remembered(store, each, 2, clicks()) == set()
        assert each.marks == (2 if known else 0)
    found = remembered(store, driver, 3, clicks((1, 0, 9), (2, 0, 10)))
    assert found == ({text_of(1), text_of(2)} if known else set())


@pytest.mark.parametrize(("ingest", "known"), [(9, False), (5, True)], ids=["in silver", "not"])
def test_ids_of_a_topic_that_is_gone_go_once_silver_has_them(
    store: Memory | Postgres, ingest: int, known: bool
) -> None:
    driver = store.driver()
    remembered(store, driver, 1, clicks((1, 0, 5)))
    store.apply("ingest", {0: ingest})
    store.apply("clicks", {0: 5})
    with store.transaction() as connection:
        driver.forget(connection, "topic-2", NOON + 2 * REMEMBERED)
    assert remembered(store, driver, 2, clicks((1, 0, 9))) == ({text_of(1)} if known else set())


def test_what_was_forgotten_in_a_batch_that_is_not_committed_is_known(
    store: Memory | Postgres,
) -> None:
    driver = store.driver()
    remembered(store, driver, 1, clicks((1, 0, 5)))
    store.apply("ingest", {0: 6})
    store.apply("clicks", {0: 6})
    with pytest.raises(ZeroDivisionError), store.transaction() as connection:
        driver.forget(connection, TOPIC_ID, NOON + 2 * REMEMBERED)
        raise ZeroDivisionError
    assert remembered(store, driver, 2, clicks((1, 0, 9))) == {text_of(1)}


@given(
    batches=st.lists(
        st.tuples(
            st.dictionaries(st.integers(0, 30), st.integers(0, 2), max_size=12),
            st.sampled_from(["commits", "rolls back", "a new driver"]),
        ),
        max_size=20,
    )
)
def test_exactly_the_ids_of_committed_batches_are_known(
    batches: list[tuple[dict[int, int], str]],
) -> None:
    store, counted, sequence = Memory(), set[int](), 1
    driver = store.driver()
    for number, (ids, ending) in enumerate(batches):
        if ending == "a new driver":
            driver = store.driver()
        batch = clicks(*((each, partition, 100 * number) for each, partition in ids.items()))
        try:
            with store.transaction() as connection:
                found = driver.remember(connection, sequence, batch)
                if ending == "rolls back":
                    raise ZeroDivisionError
            sequence, new = sequence + 1, set(ids)
        except ZeroDivisionError:
            new = set()
        assert found == {text_of(each) for each in counted & ids.keys()}
        counted |= new

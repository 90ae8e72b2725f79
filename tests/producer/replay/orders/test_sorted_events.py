"""Events of an export come back by position, whatever their number and the order they came in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contracts.events import OrderKind
from producer.replay.file_order import FileOrder
from producer.replay.files.row_slice import RowSlice
from producer.replay.orders.sorted_events import SortedEvents


@pytest.fixture
def kept() -> Iterator[SortedEvents]:
    events = SortedEvents()
    yield events
    events.close()


def event(
    position: int, time: int = 0, kind: OrderKind = "placed", customer: str | None = "c"
) -> FileOrder:
    return FileOrder(
        position, time, f"n{position}", kind, customer, "FR", 1, b"\x00\xff", 7, "EUR", 1
    )


def test_an_event_comes_back_as_it_was(kept: SortedEvents) -> None:
    one = event(3, time=2**60, customer=None)
    kept.add(one)
    assert list(kept.within(RowSlice())) == [one]


def test_events_come_by_position_and_those_of_one_as_they_came(kept: SortedEvents) -> None:
    came = [event(9), event(2, kind="placed"), event(2, kind="cancelled"), event(5)]
    for one in came:
        kept.add(one)
    assert list(kept.within(RowSlice())) == [came[1], came[2], came[3], came[0]]


def test_more_events_than_one_batch(kept: SortedEvents) -> None:
    for position in range(3_000, 0, -1):
        kept.add(event(position))
    assert [one.position for one in kept.within(RowSlice())] == list(range(1, 3_001))


@pytest.mark.parametrize(
    ("chosen", "positions", "newest"),
    [
        pytest.param(RowSlice(), [1, 2, 3], 30, id="all"),
        pytest.param(RowSlice(2, 2), [2], 30, id="one row"),
        pytest.param(RowSlice(3), [3], 20, id="to the end"),
        pytest.param(RowSlice(4), [], None, id="behind the end"),
    ],
)
def test_a_slice(
    kept: SortedEvents, chosen: RowSlice, positions: list[int], newest: int | None
) -> None:
    for position, time in ((1, 10), (2, 30), (3, 20)):
        kept.add(event(position, time))
    assert [one.position for one in kept.within(chosen)] == positions
    assert kept.newest(chosen) == newest

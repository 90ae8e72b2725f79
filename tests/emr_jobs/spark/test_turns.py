"""Turns: no more at once than may be, and nobody is passed over."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator

import pytest

from emr_jobs.spark.turns import Turns
from tests.shop import eventually


class Worker(threading.Thread):
    """Takes one turn, and keeps it until told to end."""

    def __init__(self, name: str, turns: Turns, began: queue.Queue[str]) -> None:
        super().__init__(name=name, daemon=True)
        self._turns, self._began = turns, began
        self.done = threading.Event()
        self.start()

    def run(self) -> None:
        with self._turns.one():
            self._began.put(self.name)
            self.done.wait()


@pytest.fixture
def began() -> Iterator[queue.Queue[str]]:
    yield queue.Queue()


def waits(turns: Turns, number: int) -> None:
    """Return when so many wait."""
    eventually(lambda: len(turns._waiting) == number, f"{number} wait", 30, 0.001)


@pytest.mark.parametrize("at_once", [1, 2])
def test_no_more_at_once_than_may_be(at_once: int, began: queue.Queue[str]) -> None:
    turns = Turns(at_once)
    workers = [Worker(str(number), turns, began) for number in range(at_once + 1)]
    first = [began.get(timeout=30) for _ in range(at_once)]
    waits(turns, 1)
    assert began.empty()
    workers[int(first[0])].done.set()
    assert began.get(timeout=30) not in first
    for worker in workers:
        worker.done.set()
        worker.join(timeout=30)


def test_who_has_waited_longest_is_next_also_before_the_one_that_gives_it_back(
    began: queue.Queue[str],
) -> None:
    turns = Turns(1)
    waiting = []
    with turns.one():
        for number, name in enumerate(["first", "second"]):
            waiting.append(Worker(name, turns, began))
            waits(turns, number + 1)
    again = Worker("again", turns, began)
    assert began.get(timeout=30) == "first"
    for worker, name in zip(waiting, ["second", "again"], strict=True):
        worker.done.set()
        assert began.get(timeout=30) == name
    again.done.set()
    again.join(timeout=30)


def test_a_turn_that_ends_in_an_error_is_given_back() -> None:
    turns = Turns(1)
    with pytest.raises(RuntimeError, match="in the turn"), turns.one():
        raise RuntimeError("in the turn")
    with turns.one():
        pass

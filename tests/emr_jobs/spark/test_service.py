"""How the applications of one process end together."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from py4j.protocol import Py4JError

from contracts.applications import EXIT_STOPPED
from emr_jobs.kernel.errors import Conflict, Gap, Superseded
from emr_jobs.spark.service import Rehearsal, Running, watch


@dataclass
class Query:
    """Runs until it is stopped, or until `look` raises."""

    name: str
    look: Callable[[], None] = lambda: None
    stopped: bool = False

    def alive(self) -> bool:
        self.look()
        return not self.stopped

    def stop(self, _deadline: float) -> bool:
        self.stopped = True
        return True


@dataclass
class Row:
    """An application's row: every state it was given."""

    said: list[tuple[str, str]] = field(default_factory=list)
    closed: bool = False
    taken: bool = False

    def report(self, state: str, detail: str = "") -> None:
        self.said.append((state, detail))

    def superseded(self) -> bool:
        return self.taken

    def close(self) -> None:
        self.closed = True


def tripped(row: Row) -> None:
    """The batch fails, because another driver has just begun."""
    row.taken = True
    raise RuntimeError("the commit log has another batch of this number")


def raising(error: Exception) -> Callable[[], None]:
    def look() -> None:
        raise error

    return look


def pair(first: Query, row: Row | None = None) -> tuple[list[Running], Query, Row, Row]:
    """`first` and another application that would go on for ever, and both rows."""
    other, mine, its = Query("ingest"), row or Row(), Row()
    both = [
        Running(first, mine, announced=True),  # type: ignore[arg-type] - a query of the test
        Running(other, its, announced=True),  # type: ignore[arg-type] - likewise
    ]
    return both, other, mine, its


def test_where_one_stops_for_a_person_to_decide_the_whole_process_does() -> None:
    running, other, mine, its = pair(Query("orders", raising(Gap("offsets 3 to 7 are missing"))))
    outcome = watch(running, [], threading.Event())
    assert outcome.code == EXIT_STOPPED
    assert outcome.stopped == ["orders: offsets 3 to 7 are missing"]
    assert other.stopped
    assert mine.said == [("stopped", "offsets 3 to 7 are missing")]
    assert its.said == [("stopped", "orders: offsets 3 to 7 are missing")]
    assert mine.closed and its.closed


@pytest.mark.parametrize("at", ["heartbeat", "commit", "batch"])
def test_a_superseded_application_leaves_and_the_other_goes_on(at: str) -> None:
    stop = threading.Event()
    looks = iter(range(3))

    def look() -> None:
        if next(looks, None) is None:
            stop.set()

    first, row = Query("orders"), Row(taken=at == "heartbeat")
    if at == "commit":
        first.look = raising(Superseded("by another"))
    if at == "batch":
        first.look = lambda: tripped(row)
    running, other, mine, its = pair(first, row)
    other.look = look
    outcome = watch(running, [], stop)
    assert outcome.code == 0
    assert mine.said == [] and mine.closed
    assert its.said == [("stopped", "asked to stop")]


def test_what_a_restart_may_mend_is_raised_and_every_row_says_failed() -> None:
    running, _, mine, its = pair(Query("orders", raising(Conflict("another writer was first"))))
    with pytest.raises(Conflict):
        watch(running, [], threading.Event())
    assert mine.said == its.said == [("failed", "another writer was first")]


@pytest.mark.parametrize("error", [None, Py4JError("no executor")], ids=["done", "failed"])
def test_an_application_runs_once_its_rehearsal_is_over(error: Exception | None) -> None:
    stop, going = threading.Event(), threading.Event()
    row, looks = Row(), iter(["rehearsing", "over", "later"])
    seen = []

    def rehearse() -> None:
        going.wait(10)
        if error is not None:
            raise error

    rehearsal = Rehearsal("orders", rehearse)

    def look() -> None:
        moment = next(looks, None)
        seen.append((moment, list(row.said)))
        if moment == "rehearsing":
            going.set()
            while not rehearsal.over():
                pass
        elif moment is None:
            stop.set()

    watch([Running(Query("orders", look), row, rehearsal)], [], stop)  # type: ignore[arg-type] - likewise
    running = [("running", "")]
    assert seen[:3] == [("rehearsing", []), ("over", running), ("later", running)]
    assert row.said == [*running, ("stopped", "asked to stop")]

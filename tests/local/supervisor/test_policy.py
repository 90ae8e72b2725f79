"""When a part is started again, and when it is left alone."""

from __future__ import annotations

import pytest

from local.supervisor.plan import Kind
from local.supervisor.policy import (
    CRASH_LOOP,
    PROVED_SECONDS,
    BecameReady,
    Condition,
    Event,
    Exited,
    Started,
    State,
    decide,
    pause,
)


def after(kind: Kind, *events: tuple[float, Event]) -> Condition:
    condition = Condition()
    for now, event in events:
        condition = decide(kind, condition, event, now)
    return condition


@pytest.mark.parametrize(
    ("kind", "event", "state"),
    [
        pytest.param("service", Exited(0), State.ENDED, id="a service ends on purpose"),
        pytest.param("task", Exited(0), State.DONE, id="a task succeeds"),
        pytest.param("service", Exited(20, "gap"), State.STOPPED, id="no restart can mend it"),
        pytest.param("task", Exited(20), State.STOPPED, id="nor a task"),
        pytest.param("service", Exited(1), State.PAUSED, id="a failure"),
        pytest.param("service", Exited(-9), State.PAUSED, id="killed"),
        pytest.param("task", Exited(1), State.PAUSED, id="a task's first failure"),
    ],
)
def test_what_follows_an_exit(kind: Kind, event: Event, state: State) -> None:
    condition = after(kind, (0, Started()), (5, event))
    assert condition.state is state
    assert (condition.retry_at is not None) == (state is State.PAUSED)


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        pytest.param(Exited(20, "offsets are missing"), "offsets are missing", id="its own word"),
        pytest.param(Exited(3), "exit code 3", id="a code"),
        pytest.param(Exited(-9), "ended by signal 9", id="a signal"),
    ],
)
def test_the_reason_of_an_exit_is_kept(event: Event, reason: str) -> None:
    assert after("service", (0, Started()), (1, event)).reason == reason


def test_pauses_double_up_to_a_ceiling() -> None:
    assert [pause(failures) for failures in range(1, 9)] == [0.5, 1, 2, 4, 8, 16, 30, 30]


def test_failures_in_a_row_end_in_a_crash_loop() -> None:
    events: list[tuple[float, Event]] = []
    for now in range(CRASH_LOOP - 1):
        events += [(now, Started()), (now, Exited(1))]
    assert after("service", *events).state is State.PAUSED
    gone = after("service", *events, (99, Started()), (99, Exited(1)))
    assert gone.state is State.FAILED
    assert gone.retry_at is None
    assert "6 failures in a row" in gone.reason


@pytest.mark.parametrize(
    ("ready_for", "failures"),
    [
        pytest.param(PROVED_SECONDS - 0.1, 3, id="not proved yet: one more in a row"),
        pytest.param(PROVED_SECONDS, 1, id="proved: a first failure"),
    ],
)
def test_being_ready_for_long_forgives_earlier_failures(ready_for: float, failures: int) -> None:
    condition = after(
        "service",
        *[(0, Started()), (0, Exited(1)), (1, Started()), (1, Exited(1))],
        *[(2, Started()), (3, BecameReady()), (3 + ready_for, Exited(1))],
    )
    assert condition.failures == failures
    assert condition.restarts == 3


def test_running_long_without_being_ready_forgives_nothing() -> None:
    condition = after("service", (0, Started()), (0, Exited(1)), (1, Started()), (500, Exited(1)))
    assert condition.failures == 2


def test_getting_ready_clears_the_reason_of_the_last_failure() -> None:
    condition = after("service", (0, Started()), (0, Exited(1)), (1, Started()), (2, BecameReady()))
    assert (condition.state, condition.reason) == (State.READY, "")


def test_a_task_that_fails_twice_is_given_up() -> None:
    events: list[tuple[float, Event]] = [(0, Started()), (1, Exited(1)), (2, Started())]
    assert after("task", *events, (3, Exited(1))).state is State.FAILED

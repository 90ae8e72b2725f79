"""One driver an application, the one that is wanted: what is done about everything else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.job_controller.logic import (
    HANDOVER,
    LONGEST_WAIT,
    Action,
    Start,
    Stop,
    Wait,
    decide,
    failures,
    is_settled,
)
from lambdas.job_controller.runs import JobRun, JobRunName, JobRunState

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
NEW, OLD = "a" * 16, "b" * 16
MINUTE = timedelta(minutes=1)


# The number of a run that starts now: of no run before, whether it is remembered or not.
NEXT = int(NOW.timestamp()) // 60


def run(
    number: int,
    state: JobRunState,
    fingerprint: str = NEW,
    *,
    age: timedelta = timedelta(hours=2),
    ended: timedelta | None = None,
) -> JobRun:
    name = JobRunName("orders", fingerprint, number)
    return JobRun(f"id-{number}", name, state, NOW - age, None if ended is None else NOW - ended)


def start(number: int, *, take_over: bool = False) -> Start:
    return Start(JobRunName("orders", NEW, number), take_over)


FAILED = run(1, "failed", ended=30 * timedelta(seconds=1))
CASES = {
    "nothing ran here: the cluster may be new, and the driver on the old one": (
        [],
        [start(NEXT, take_over=True)],
    ),
    "it runs": ([run(1, "running")], []),
    "it starts": ([run(1, "starting")], []),
    "an older deployment runs": ([run(1, "running", OLD)], [start(NEXT, take_over=True)]),
    "an older one ends": ([run(1, "ending", OLD)], [start(NEXT, take_over=True)]),
    "an older one ended": (
        [run(1, "ended", OLD, ended=MINUTE)],
        [start(NEXT, take_over=True)],
    ),
    "an older one failed: its failures are not ours": (
        [run(1, "failed", OLD, ended=timedelta(seconds=5))],
        [start(NEXT)],
    ),
    "the successor starts: the older one goes on": (
        [run(1, "running", OLD), run(2, "starting", age=MINUTE)],
        [],
    ),
    "the successor has just begun to run": (
        [run(1, "running", OLD), run(2, "running", age=HANDOVER - MINUTE)],
        [],
    ),
    "the successor runs and the older one has not left": (
        [run(1, "running", OLD), run(2, "running", age=HANDOVER)],
        [Stop(run(1, "running", OLD))],
    ),
    "it was told to leave already": (
        [run(1, "ending", OLD), run(2, "running", age=HANDOVER)],
        [],
    ),
    "started twice: the first stays": (
        [run(2, "running"), run(1, "running")],
        [Stop(run(2, "running"))],
    ),
    "it failed half a minute ago": ([FAILED], [Wait(NOW + MINUTE / 2)]),
    "it failed a minute ago": ([run(1, "failed", ended=MINUTE)], [start(NEXT)]),
    "it failed twice": (
        [run(1, "failed", ended=3 * MINUTE), run(2, "failed", ended=MINUTE)],
        [Wait(NOW + MINUTE)],
    ),
    "it failed all day": (
        [run(n, "failed", ended=n * MINUTE) for n in range(1, 30)],
        [Wait(NOW - MINUTE + LONGEST_WAIT)],
    ),
    "it ended by itself: superseded by a driver that may live elsewhere": (
        [run(1, "ended", ended=MINUTE)],
        [start(NEXT, take_over=True)],
    ),
}


@pytest.mark.parametrize(("runs", "actions"), CASES.values(), ids=CASES)
def test_what_is_done(runs: list[JobRun], actions: list[Action]) -> None:
    assert decide("orders", NEW, runs, NOW) == actions
    other = [replace(each, name=replace(each.name, application="ingest")) for each in runs]
    assert decide("orders", NEW, [*runs, *other], NOW) == actions


def test_a_run_is_numbered_after_those_that_began_in_the_same_minute() -> None:
    failed = run(NEXT, "failed", ended=MINUTE)
    assert decide("orders", NEW, [failed], NOW) == [start(NEXT + 1)]


def test_two_calls_at_once_start_one_run() -> None:
    assert decide("orders", NEW, [], NOW) == decide("orders", NEW, [], NOW + MINUTE / 2)


def test_when_none_is_wanted_every_one_is_told_to_end_once() -> None:
    runs = [run(1, "running", OLD), run(2, "starting"), run(3, "ending"), FAILED]
    assert decide("orders", None, runs, NOW) == [Stop(runs[0]), Stop(runs[1])]


RUNS = st.lists(
    st.builds(
        run,
        st.integers(1, 9),
        st.sampled_from(["starting", "running", "ending"]),
        st.sampled_from([NEW, OLD]),
        age=st.integers(0, 10).map(timedelta),
    ),
    max_size=6,
    unique_by=lambda each: each.name.number,
)


@given(RUNS, st.sampled_from([NEW, None]))
def test_from_anywhere_it_comes_to_the_one_that_is_wanted(
    runs: list[JobRun], fingerprint: str | None
) -> None:
    """Whatever is found, minutes that obey the decisions end with one driver and nothing to do."""
    now = NOW
    for _ in range(10):
        actions = decide("orders", fingerprint, runs, now)
        runs = [_a_minute_later(each, actions) for each in runs if each.state != "ending"]
        begun = (each.name for each in actions if isinstance(each, Start))
        runs += [JobRun(str(name), name, "starting", now) for name in begun]
        now += MINUTE
    assert decide("orders", fingerprint, runs, now) == []
    assert is_settled("orders", fingerprint, runs)


def _a_minute_later(each: JobRun, actions: list[Action]) -> JobRun:
    if Stop(each) in actions:
        return replace(each, state="ending")
    return replace(each, state="running") if each.state == "starting" else each


SETTLED = {
    "one that runs": ([run(1, "running")], True),
    "one that starts": ([run(1, "starting")], False),
    "none": ([], False),
    "the older one is there": ([run(1, "running", OLD), run(2, "running")], False),
    "the older one leaves": ([run(1, "ending", OLD), run(2, "running")], False),
    "the older one has left": ([run(1, "ended", OLD, ended=MINUTE), run(2, "running")], True),
}


@pytest.mark.parametrize(("runs", "there"), SETTLED.values(), ids=SETTLED)
def test_when_a_deployment_has_arrived(runs: list[JobRun], there: bool) -> None:
    assert is_settled("orders", NEW, runs) is there


def test_failures_of_the_last_hour_are_counted() -> None:
    hour = timedelta(hours=1)
    runs = [FAILED, run(2, "failed", ended=hour), run(3, "failed", OLD, ended=MINUTE)]
    assert failures(NEW, runs, NOW) == 1


@pytest.mark.parametrize("text", ["", "orders", "shopstream-orders-xyz-1", "stop-shopstream-x"])
def test_names_of_others_are_none_of_ours(text: str) -> None:
    assert JobRunName.parse(text) is None
    name = JobRunName("orders", NEW, 7)
    assert JobRunName.parse(str(name)) == name

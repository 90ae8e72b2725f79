"""What to do with the runs of one application: pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lambdas.job_controller.runs import JobRun, JobRunName

# A running successor takes over within a batch. An older run that still lives after this is
# stopped.
HANDOVER = timedelta(minutes=3)
# After each failure in a row the next start waits twice as long.
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(minutes=15)
# Older failures do not count as failures in a row.
MEMORY = timedelta(hours=1)
# This many failures in a row fail a deployment, which would otherwise wait.
GIVE_UP_AFTER = 3


@dataclass(frozen=True)
class Start:
    """Start `name`. `take_over`: another driver is alive, or may be, and must hand over."""

    name: JobRunName
    take_over: bool


@dataclass(frozen=True)
class Stop:
    """End `run`."""

    run: JobRun


@dataclass(frozen=True)
class Wait:
    """It failed. The next start is not before `until`."""

    until: datetime


Action = Start | Stop | Wait


def decide(
    application: str, fingerprint: str | None, runs: Sequence[JobRun], now: datetime
) -> list[Action]:
    """The actions that bring `application` closer to exactly one run of `fingerprint`, or to none
    if that is None. Repeated on their own outcome, they come to an end."""
    mine = [run for run in runs if run.name.application == application]
    alive = sorted((run for run in mine if run.alive), key=lambda run: run.name.number)
    if fingerprint is None:
        return _stop(alive)
    wanted = [run for run in alive if run.name.fingerprint == fingerprint and run.state != "ending"]
    others = [run for run in alive if run not in wanted]
    if wanted:
        first, *doubles = wanted
        settled = first.state == "running" and now - first.created_at >= HANDOVER
        return [*_stop(doubles), *(_stop(others) if settled else [])]
    until = _not_before(fingerprint, mine)
    if until is not None and now < until:
        return [Wait(until)]
    newest = max(mine, key=lambda run: run.name.number, default=None)
    # Never a number that was used before, even when its run is forgotten: the service may still
    # know the request of that name. The minute makes two calls at once start one run.
    number = max(newest.name.number + 1 if newest else 1, int(now.timestamp()) // 60)
    # If it never ran here, or has ended, a driver may live on the cluster that this one replaces.
    elsewhere = newest is None or newest.state == "ended"
    return [
        Start(JobRunName(application, fingerprint, number), take_over=bool(others) or elsewhere)
    ]


def is_settled(application: str, fingerprint: str | None, runs: Sequence[JobRun]) -> bool:
    """Whether exactly the wanted run is alive, and it runs."""
    alive = [run for run in runs if run.alive and run.name.application == application]
    if fingerprint is None:
        return not alive
    return [(run.name.fingerprint, run.state) for run in alive] == [(fingerprint, "running")]


def failures(fingerprint: str, runs: Sequence[JobRun], now: datetime) -> int:
    """How many runs of `fingerprint` failed within the memory."""
    return sum(now - end < MEMORY for end in _failed_at(fingerprint, runs))


def _stop(runs: Sequence[JobRun]) -> list[Action]:
    return [Stop(run) for run in runs if run.state != "ending"]


def _failed_at(fingerprint: str, runs: Sequence[JobRun]) -> list[datetime]:
    return [
        run.ended_at
        for run in runs
        if run.ended_at and run.state == "failed" and run.name.fingerprint == fingerprint
    ]


def _not_before(fingerprint: str, mine: Sequence[JobRun]) -> datetime | None:
    ended = _failed_at(fingerprint, mine)
    if not ended:
        return None
    last = max(ended)
    in_a_row = sum(last - end < MEMORY for end in ended)
    wait: timedelta = min(FIRST_WAIT * 2 ** min(in_a_row - 1, 10), LONGEST_WAIT)
    return last + wait

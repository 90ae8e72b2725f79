"""When a part is started again, and when not: pure decisions, with the time as an argument."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from contracts.applications import EXIT_STOPPED
from local.supervisor.plan import Kind

# Like EXIT_STOPPED, an exit code that a restart would not change.
ENDED_ON_PURPOSE = 0

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
# A part that was ready this long has proved itself: its next failure counts as the first.
PROVED_SECONDS = 20.0
# This many failures in a row are a crash loop: more starts would only fill the log.
CRASH_LOOP = 6
# A task ends the same way each time. A second try covers a broker that was still electing.
TASK_TRIES = 2


class State(StrEnum):
    """The stages in the life of a part."""

    WAITING = "waiting"  # for the parts it needs
    STARTING = "starting"  # running, not ready
    READY = "ready"
    DONE = "done"  # a task that succeeded
    PAUSED = "paused"  # it failed and will be started again
    ENDED = "ended"  # it ended by itself on purpose
    STOPPED = "stopped"  # it stopped for a reason that a restart cannot mend
    FAILED = "failed"  # given up: a crash loop, or a task that fails
    STOPPING = "stopping"
    DOWN = "down"


GOOD = frozenset({State.READY, State.DONE, State.ENDED})
GIVEN_UP = frozenset({State.STOPPED, State.FAILED})


@dataclass(frozen=True)
class Condition:
    """What is known about one part. `failures` counts those in a row, `restarts` all restarts."""

    state: State = State.WAITING
    since: float = 0.0
    failures: int = 0
    restarts: int = 0
    retry_at: float | None = None
    reason: str = ""


@dataclass(frozen=True)
class Started:
    """The program runs."""


@dataclass(frozen=True)
class BecameReady:
    """Its probe succeeded."""


@dataclass(frozen=True)
class Exited:
    """It ended with a code (negative: by that signal); `reason` is its own last word."""

    code: int
    reason: str = ""


Event = Started | BecameReady | Exited


def decide(kind: Kind, condition: Condition, event: Event, now: float) -> Condition:
    """The condition after an event. With PAUSED it holds the time of the next start."""
    match event:
        case Started():
            return replace(condition, state=State.STARTING, since=now, retry_at=None)
        case BecameReady():
            return replace(condition, state=State.READY, since=now, reason="")
        case Exited(code, reason):
            return _exited(kind, condition, code, reason, now)


def _exited(kind: Kind, condition: Condition, code: int, reason: str, now: float) -> Condition:
    said = reason or _describe(code)
    if code == ENDED_ON_PURPOSE:
        state = State.DONE if kind == "task" else State.ENDED
        return replace(condition, state=state, since=now, failures=0, reason=reason)
    if code == EXIT_STOPPED:
        return replace(condition, state=State.STOPPED, since=now, reason=said)
    proved = condition.state is State.READY and now - condition.since >= PROVED_SECONDS
    failures = 1 if proved else condition.failures + 1
    limit = TASK_TRIES if kind == "task" else CRASH_LOOP
    if failures >= limit:
        looping = f"{failures} failures in a row, not started again: {said}"
        return replace(condition, state=State.FAILED, since=now, failures=failures, reason=looping)
    return replace(
        condition,
        state=State.PAUSED,
        since=now,
        failures=failures,
        restarts=condition.restarts + 1,
        retry_at=now + pause(failures),
        reason=said,
    )


def pause(failures: int) -> float:
    """The seconds before the next start, after this many failures in a row."""
    return min(FIRST_PAUSE * 2.0 ** (failures - 1), LONGEST_PAUSE)


def _describe(code: int) -> str:
    return f"ended by signal {-code}" if code < 0 else f"exit code {code}"

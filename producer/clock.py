"""The clock of the machine, and pacing: when an event of the past is due again, as arithmetic."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from contracts.times import SECOND_US

# A run tells its progress at most this often, and waits no longer for what it would tell.
STATUS_SECONDS = 1.0


@dataclass(frozen=True)
class Clock:
    """Time as functions: `now_us` since 1970, `monotonic` and `sleep` in seconds."""

    now_us: Callable[[], int]
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]


def real_clock() -> Clock:
    """The clock of the machine."""
    return Clock(lambda: time.time_ns() // 1000, time.monotonic, time.sleep)


class StatusTimer:
    """Says when a run is due to tell its progress again."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._told = clock.monotonic()

    def due(self) -> bool:
        """Whether the last time it was due is `STATUS_SECONDS` ago; it is then due no more."""
        now = self._clock.monotonic()
        if now - self._told < STATUS_SECONDS:
            return False
        self._told = now
        return True


class AwakeTime:
    """Seconds that passed while this process ran. One who waits asks at least every `step` seconds:
    what is longer was a machine that slept, or a process that was stopped, and counts as one step.
    """

    def __init__(self, monotonic: Callable[[], float], step: float) -> None:
        self._monotonic, self._step = monotonic, step
        self.restart()

    def restart(self) -> None:
        """Begin at 0 again."""
        self._asked, self._passed = self._monotonic(), 0.0

    def passed(self) -> float:
        """The seconds since the beginning."""
        now = self._monotonic()
        self._passed += min(now - self._asked, self._step)
        self._asked = now
        return self._passed


class Pace:
    """Spreads event times over real time. A `speed` of 1 is as recorded, 60 is a minute per
    second, and None sends every event at once.

    The first event is due when `delay` is first asked for it. Nights and holidays keep their
    length.
    """

    def __init__(self, speed: float | None) -> None:
        if speed is not None and not 0 < speed < float("inf"):
            raise ValueError(f"a speed is a number above 0, got {speed}")
        self._speed = speed
        self._began_at: tuple[int, float] | None = None

    def delay(self, event_time: int, now: float) -> float:
        """Seconds until the event is due, never below 0: an event out of order is due at once."""
        if self._speed is None:
            return 0.0
        if self._began_at is None:
            self._began_at = (event_time, now)
        first_time, began = self._began_at
        due = began + (event_time - first_time) / SECOND_US / self._speed
        return max(0.0, due - now)

    def reached(self, now: float) -> int | None:
        """The event time that is due at `now`; None if every event is due."""
        if self._speed is None or self._began_at is None:
            return None
        first_time, began = self._began_at
        return first_time + int((now - began) * self._speed * SECOND_US)

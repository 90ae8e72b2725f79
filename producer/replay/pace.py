"""Pacing: when an event of the past is due again, as arithmetic."""

from __future__ import annotations

_US_PER_SECOND = 1_000_000


class Pace:
    """Spreads event times over real time: `speed` 1 as recorded, 60 a minute a second, None none.

    The first event is due when it is asked for; nights and holidays keep their length.
    """

    def __init__(self, speed: float | None) -> None:
        if speed is not None and not 0 < speed < float("inf"):
            raise ValueError(f"a speed is a number above 0, got {speed}")
        self._speed = speed
        self._origin: tuple[int, float] | None = None

    def delay(self, event_time: int, now: float) -> float:
        """Seconds until the event is due, never below 0: one out of order is due at once."""
        if self._speed is None:
            return 0.0
        if self._origin is None:
            self._origin = (event_time, now)
        first_time, began = self._origin
        due = began + (event_time - first_time) / _US_PER_SECOND / self._speed
        return max(0.0, due - now)

    def reached(self, now: float) -> int | None:
        """The event time that is due at `now`, once `delay` was asked; None for any."""
        if self._speed is None or self._origin is None:
            return None
        first_time, began = self._origin
        return first_time + int((now - began) * self._speed * _US_PER_SECOND)

"""Where a driver can be interrupted: at the crash points, and around each call of a store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Protocol

from emr_jobs.kernel.crash_points import CrashPoint
from tests.simulation.schedule import Interruption


class Died(BaseException):
    """The process is gone; nothing it would have done happens."""


class StoreDown(Exception):
    """A store did not answer; whether it did what it was asked is not known."""


class Connection(Protocol):
    """What a process loses when it is not heard of for long."""

    def abort(self) -> None:
        """Roll back what is open, as the server does with a client that is silent."""


class Calls:
    """The calls of one driver. `sleep` runs the world while the driver hangs or is frozen."""

    def __init__(self, visited: Counter[str], sleep: Callable[[Interruption], None]) -> None:
        self._visited = visited
        self._sleep = sleep
        self._armed: Interruption | None = None
        self._count = 0
        self.connections: list[Connection] = []

    def arm(self, interruption: Interruption | None) -> None:
        """Have the interruption happen in what the driver does next."""
        self._armed = interruption
        self._count = 0

    def before(self) -> None:
        """A store is about to do what it is asked."""
        if self._armed is not None and self._armed.happening != "answer lost":
            self._counted()

    def after(self) -> None:
        """A store has done what it was asked, and its answer is under way."""
        if self._armed is not None and self._armed.happening != "times out":
            self._counted()

    def note(self, what: str) -> None:
        """Count something that happens in a store."""
        self._visited[what] += 1

    def visit(self, point: CrashPoint) -> None:
        """A batch comes past a crash point."""
        self._visited[point] += 1
        if self._armed is not None and self._armed.at == point:
            self._happen(self._armed, f"{self._armed.happening} at {point}")

    def _counted(self) -> None:
        armed = self._armed
        assert armed is not None
        self._count += 1
        if self._count - 1 == armed.at:
            self._happen(armed, f"{armed.happening} between calls")

    def _happen(self, what: Interruption, named: str) -> None:
        self._armed = None
        self._visited[named] += 1
        if what.happening == "dies":
            raise Died(named)
        if what.happening in ("times out", "answer lost"):
            raise StoreDown(named)
        for connection in self.connections:
            connection.abort()
        self._sleep(what)

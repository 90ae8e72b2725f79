"""Whether there is room for what a run sends. Without it the run waits, and says so once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from producer.clock import Clock, StatusTimer

GOES_ON = "there is room again: sending goes on"


class Room(Protocol):
    """What may fill up where the events go."""

    def lacking(self) -> str:
        """Why nothing may be sent now, for a person; empty when there is room."""

    def close(self) -> None:
        """Give back what the room holds."""


class EndlessRoom:
    """For events that fill no disk of this machine."""

    def lacking(self) -> str:
        return ""

    def close(self) -> None: ...


class Gate:
    """Lets a run send while there is room; it looks at the room once per second. `closed_by` says
    why it is closed."""

    def __init__(self, room: Room, clock: Clock) -> None:
        self._room = room
        self._timer = StatusTimer(clock)
        self.closed_by = room.lacking()

    def is_open(self) -> bool:
        """Whether something may be sent now."""
        if self._timer.due():
            self.closed_by = self._room.lacking()
        return not self.closed_by


class GateLines:
    """What a run tells each second: its usual lines, or once why the gate is closed."""

    def __init__(self) -> None:
        self._was_closed = False

    def lines(self, closed_by: str, usual: Sequence[str]) -> list[str]:
        """The lines of this second."""
        was_closed, self._was_closed = self._was_closed, bool(closed_by)
        if closed_by:
            return [] if was_closed else [closed_by]
        return [GOES_ON, *usual] if was_closed else [*usual]

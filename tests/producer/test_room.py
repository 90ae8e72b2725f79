"""A run waits while there is no room, says so once, and goes on by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from producer.clock import Clock
from producer.room import GOES_ON, EndlessRoom, Gate, GateLines

FULL = "the disk is nearly full"


class Told:
    """A room that lacks what it is told to lack, look by look, and the clock of its gate."""

    def __init__(self, *lacking: str) -> None:
        self._lacking: Iterator[str] = iter(lacking)
        self.now = 0.0

    def lacking(self) -> str:
        return next(self._lacking)

    def close(self) -> None: ...

    def gate(self) -> Gate:
        return Gate(self, Clock(lambda: 0, lambda: self.now, lambda _: None))


def test_the_room_is_looked_at_once_per_second() -> None:
    room = Told("", FULL, "")
    gate = room.gate()
    seen = []
    for room.now in (0.0, 0.9, 1.0, 1.9, 2.0):
        seen.append((gate.is_open(), gate.closed_by))
    assert seen == [(True, ""), (True, ""), (False, FULL), (False, FULL), (True, "")]


def test_a_gate_may_be_closed_from_the_start() -> None:
    assert not Told(FULL).gate().is_open()


def test_without_a_disk_of_this_machine_there_is_always_room() -> None:
    assert Gate(EndlessRoom(), Clock(lambda: 0, lambda: 0.0, lambda _: None)).is_open()


@pytest.mark.parametrize(
    ("closed_by", "told"),
    [
        pytest.param(["", ""], ["usual", "usual"], id="always open"),
        pytest.param(["", FULL, FULL, FULL], ["usual", FULL], id="once while it is closed"),
        pytest.param([FULL, "now even less", ""], [FULL, GOES_ON, "usual"], id="and once after"),
        pytest.param(
            [FULL, "", "", FULL], [FULL, GOES_ON, "usual", "usual", FULL], id="each time anew"
        ),
    ],
)
def test_what_is_told(closed_by: Sequence[str], told: list[str]) -> None:
    lines = GateLines()
    assert [line for why in closed_by for line in lines.lines(why, ["usual"])] == told

"""Ctrl-C at a producer's terminal."""

from __future__ import annotations

import io
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from contracts.errors import INTERRUPTED
from producer import terminal
from producer.command import main


@dataclass
class Running:
    """Something that is asked to end."""

    stopping: bool = False

    def stop(self) -> None:
        self.stopping = True


class Interrupted(io.RawIOBase):
    """A terminal at which Ctrl-C is pressed while a line is written."""

    written = b""

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override] - a stream of bytes takes any buffer
        signal.raise_signal(signal.SIGINT)
        self.written += bytes(data)
        return len(data)


@pytest.fixture
def running() -> Iterator[Running]:
    running = Running()
    with terminal.stopping_on_signal(running):
        yield running


def test_ctrl_c_in_the_middle_of_a_line_ends_gracefully(
    running: Running, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    raw = Interrupted()
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(io.BufferedWriter(raw)))
    terminal.tell("310 sent")
    assert running.stopping
    assert raw.written == b"310 sent\n"
    assert capfd.readouterr().err == terminal.STOPPING + "\n"


def test_a_second_ctrl_c_leaves_at_once(running: Running) -> None:
    signal.raise_signal(signal.SIGINT)
    with pytest.raises(terminal.LeftAtOnce):
        signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize(
    ("interrupt", "told"),
    [
        pytest.param(KeyboardInterrupt, "interrupted while nothing was being sent", id="before"),
        pytest.param(
            terminal.LeftAtOnce, "left at once: the ledger tells what was attempted", id="meanwhile"
        ),
    ],
)
def test_an_interrupt_tells_of_the_ledger_only_where_there_is_one(
    interrupt: type[BaseException],
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def interrupted(_arguments: object) -> int:
        raise interrupt

    monkeypatch.setattr("producer.command.replay", interrupted)
    assert main(["replay", "online-retail", "any.csv", "--check"]) == INTERRUPTED
    assert capsys.readouterr().err.splitlines() == [told]

"""The producer and its terminal: lines to standard error, JSON to standard output, Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Protocol

_STANDARD_ERROR = 2
_ENDINGS = (signal.SIGINT, signal.SIGTERM)
STOPPING = "stopping: waiting for acknowledgements; Ctrl-C again to leave at once"


class LeftAtOnce(KeyboardInterrupt):
    """The second Ctrl-C while events are sent."""


class Stoppable(Protocol):
    """Something that can be asked to end gracefully."""

    stopping: bool

    def stop(self) -> None: ...


class Summary(Protocol):
    """The result of a command, for a program and for a person."""

    @property
    def exit_code(self) -> int: ...

    def as_fields(self) -> Mapping[str, object]: ...

    def as_lines(self) -> list[str]: ...


def tell(line: str) -> None:
    """Write one line for a person."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def write(text: str) -> None:
    """Write a text to the standard output, as it is."""
    sys.stdout.write(text)
    sys.stdout.flush()


def answer(fields: Mapping[str, object]) -> None:
    """Write one JSON document for a program."""
    write(json.dumps(fields, indent=2) + "\n")


def end(summary: Summary, *, as_json: bool) -> int:
    """Tell the result of a command; return its exit code."""
    if as_json:
        answer(summary.as_fields())
    for line in summary.as_lines():
        tell(line)
    return summary.exit_code


@contextmanager
def stopping_on_signal(running: Stoppable) -> Iterator[None]:
    """In the block the first Ctrl-C (or SIGTERM) ends gracefully, and the second one at once."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        if running.stopping:
            raise LeftAtOnce
        running.stop()
        # A signal may come in the middle of a line, and the stream then refuses another writer.
        os.write(_STANDARD_ERROR, STOPPING.encode() + b"\n")

    before = {number: signal.signal(number, stop) for number in _ENDINGS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

"""`shopstream demo`: live answers from real orders and simulated shoppers, and their proof, on a
stack that is started for it and stopped after it."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from contracts.errors import ShopstreamError, Usage
from local.home import FILE_MODE, Home
from local.supervisor.published import running
from ops import console
from ops.commands.demo import tour
from ops.commands.demo.tour import Tour
from ops.console import AsJson
from ops.settings import CommandSettings

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "online_retail_slice.csv.gz"
# At this speed the three weeks of the example take about 40 s: long enough to watch.
EXAMPLE_SPEED = "45000"
KEPT = "kept"
_STANDARD_ERROR = 2
ENDINGS: Sequence[signal.Signals] = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def demo(
    file: Annotated[
        Path | None,
        typer.Option(
            "--file", help="An Online Retail file, as `replay` takes it; without it, the example."
        ),
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the demo's data.")] = False,
    as_json: AsJson = False,
) -> int:
    """Start a stack for the demo, replay real orders while simulated shoppers act, show the
    answers, prove them against Kafka and the raw file, and stop everything.

    The exit code is that of verify, or of the first command that failed.
    """
    source = (file or EXAMPLE).absolute()
    if not source.is_file():
        raise Usage(
            f"there is no file {source}",
            cause="the path is wrong, or the example was not checked out",
            command="shopstream demo  (replays the example that comes with Shopstream)",
        )
    home = Home(CommandSettings.from_environment().home / "demo")
    played = Tour(home, source, "max" if file else EXAMPLE_SPEED, as_json)
    code = tour.run(tour.check(source), sys.stderr if as_json else None)
    if code == 0:
        _make_room(home)
        with _stopped_at_the_end(played, keep) as ending:
            ending.code = played.play()
        code = ending.code
    if as_json:
        console.answer_json({"exit_code": code, **played.document})
    elif code == 0:
        console.line("your turn: `shopstream up` starts a stack that stays")
    return code


@dataclass
class Ending:
    """The exit code of the demo; it is red until the demo is known to be good."""

    code: int = 1


def _make_room(home: Home) -> None:
    """Refuse a folder that is in use or was kept on purpose; remove what a killed demo left."""
    if home.root.exists() and (running(home) or (home.root / KEPT).exists()):
        raise ShopstreamError(
            f"the demo's state folder is in use: {home.root}",
            cause="another demo is running, was killed while it ran, or was kept with --keep",
            command=f"{_on(home)} down --purge",
        )
    if home.root.exists() and _down(home, purge=True).returncode:
        raise ShopstreamError(
            f"the folder of an earlier demo could not be removed: {home.root}",
            cause="the folder was changed by hand, or belongs to another user",
            command=f"ls -la {shlex.quote(str(home.root))}",
        )


@contextmanager
def _stopped_at_the_end(played: Tour, keep: bool) -> Iterator[Ending]:
    """Stop the demo's stack however the block ends. After a failure its data and logs stay."""
    ending = Ending()
    interrupted = False
    before = {number: signal.signal(number, _interrupt) for number in ENDINGS}
    try:
        yield ending
    except KeyboardInterrupt:
        interrupted = True
        raise
    finally:
        for number in ENDINGS:
            signal.signal(number, _be_patient)
        try:
            _stop(played, interrupted or (ending.code == 0 and not keep), kept=keep)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _be_patient(_number: int, _frame: FrameType | None) -> None:
    # A signal may come while a line is written, and the stream then refuses another writer.
    os.write(_STANDARD_ERROR, b"stopping the demo's stack; please wait\n")


def _stop(played: Tour, purge: bool, *, kept: bool) -> None:
    home = played.home
    try:
        played.tell("4/4 stopping the stack")
    finally:
        stopped = _down(home, purge=purge)
    if stopped.returncode:
        raise ShopstreamError(
            f"the demo's stack could not be stopped: {stopped.stderr.strip()}",
            command=f"{_on(home)} down --purge",
        )
    if purge or not home.root.exists():
        return
    if kept:
        (home.root / KEPT).touch(mode=FILE_MODE)
    console.progress(f"the demo's data and logs stay in {home.root}")
    console.progress(f"start it again: {_on(home)} up    remove it: {_on(home)} down --purge")


def _down(home: Home, *, purge: bool) -> subprocess.CompletedProcess[str]:
    # It has a session of its own, so that a second Ctrl-C cannot leave half of the stack running.
    # Its output is collected, so that a terminal that is gone cannot end it early.
    return subprocess.run(
        tour.shopstream(home, "down", *(["--purge"] if purge else [])),
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,
    )


def _on(home: Home) -> str:
    """The words with which a person calls `shopstream` on the demo's state folder."""
    return f"SHOPSTREAM_HOME={shlex.quote(str(home.root))} shopstream"

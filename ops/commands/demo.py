"""`shopstream demo`: real orders to live answers, proved, on a stack of its own that then ends."""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from local.home import FILE_MODE, Home
from local.supervisor.published import running
from ops import console
from ops.errors import ShopstreamError, Usage
from ops.live_answers import LiveAnswers
from ops.live_screen import figures, screen, show_revenue
from ops.settings import Settings
from ops.stack import open_stack

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "online_retail_slice.csv.gz"
# The example's days in about three quarters of a minute: long enough to watch.
EXAMPLE_SPEED = "20000"
REFRESH_SECONDS = 1.0
# Where nobody watches, a line now and then says that it goes on.
PLAIN_REFRESH_SECONDS = 5.0
CATCH_UP_SECONDS = 120.0
GIVE_UP_SECONDS = 20.0
KEPT = "kept"


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("demo")(demo)


def demo(
    file: Annotated[
        Path | None,
        typer.Option("--file", help="an Online Retail csv or csv.gz; without it, the example"),
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="keep the demo's data after it is stopped")
    ] = False,
) -> int:
    """Start a stack of its own, replay real orders, watch the answers, prove them, stop it all."""
    source = (file or EXAMPLE).absolute()
    if not source.is_file():
        raise Usage(
            f"no such file: {source}",
            cause="the path is wrong, or the example was not checked out",
            command="shopstream demo  (replays the example that comes with Shopstream)",
        )
    if code := _run(_check(source)):
        return code
    home = Home(Settings.from_environment().home / "demo")
    _make_room(home)
    with _stopped_at_the_end(home, keep) as ending:
        ending.code = _show(home, source, "max" if file else EXAMPLE_SPEED)
    return ending.code


@dataclass
class Ending:
    """How the demo went; red until it is known to be good."""

    code: int = 1


def _show(home: Home, source: Path, speed: str) -> int:
    console.line("1/4 starting Kafka, Postgres and Spark", style="bold")
    if code := _run(_command(home, "up")):
        return code
    console.line(f"2/4 replaying {source.name}", style="bold")
    with closing(LiveAnswers(open_stack(home))) as answers:
        if code := _replay(home, source, speed, answers):
            return code
        console.line("3/4 proving it against the raw file", style="bold")
        code = _run(_command(home, "verify", "--source", str(source)))
        _summary(answers)
    return code


def _replay(home: Home, source: Path, speed: str, answers: LiveAnswers) -> int:
    """Replay the file and show the answers until all of it is applied; the replay's exit code."""
    log = home.log("replay")
    with log.open("w") as output:
        replay = subprocess.Popen(
            _command(home, "replay", "online-retail", str(source), "--speed", speed),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            _watch(answers, replay)
        finally:
            _end(replay)
    if replay.returncode:
        for text in log.read_text().splitlines()[-8:]:
            console.progress(text)
    return replay.returncode


def _watch(answers: LiveAnswers, replay: subprocess.Popen[bytes]) -> None:
    """Show the answers until the replay has ended and nothing lags, or that takes too long.

    An application that does not catch up is verify's to report.
    """
    deadline: float | None = None
    with screen() as show:
        while True:
            ended = replay.poll() is not None
            now = answers.now()
            show(now)
            if ended and (replay.returncode or now.caught_up):
                return
            if ended and deadline is None:
                deadline = time.monotonic() + CATCH_UP_SECONDS
            if deadline is not None and time.monotonic() > deadline:
                return
            time.sleep(REFRESH_SECONDS if console.is_rich() else PLAIN_REFRESH_SECONDS)


def _summary(answers: LiveAnswers) -> None:
    unit, revenue = answers.revenue()
    show_revenue(unit, revenue)
    console.table(("answer", "value"), figures(answers.now()))


def _command(home: Home, *arguments: str) -> list[str]:
    """A `shopstream` command line that works on the demo's state folder."""
    # `env` sets the one variable: the rest of the environment is the user's, as they gave it.
    return [
        "/usr/bin/env",
        f"SHOPSTREAM_HOME={home.root}",
        *(sys.executable, "-P", "-m", "ops.main"),
        *arguments,
    ]


def _check(source: Path) -> list[str]:
    """The producer judges a file in a moment; better before a stack is started for it."""
    return [
        *(sys.executable, "-P", "-m", "producer"),
        *("replay", "online-retail", str(source), "--check"),
    ]


def _run(command: list[str]) -> int:
    """Run a command that talks to the user itself; its exit code."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        return process.wait()
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask a process that still runs to end, as Ctrl-C does, and see that it does."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGINT)
    try:
        process.wait(GIVE_UP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _make_room(home: Home) -> None:
    """Refuse a folder that is in use or was kept on purpose; clear what a killed demo left."""
    if home.root.exists() and (running(home) or (home.root / KEPT).exists()):
        raise ShopstreamError(
            f"the demo's state folder is in use: {home.root}",
            cause="another demo is running, was killed while it ran, or was kept with --keep",
            command=f"{_on(home)} down --purge",
        )
    if home.root.exists() and _run(_command(home, "down", "--purge")):
        raise ShopstreamError(
            f"what an earlier demo left could not be removed: {home.root}",
            cause="the folder was changed by hand, or belongs to another user",
            command=f"ls -la {shlex.quote(str(home.root))}",
        )


@contextmanager
def _stopped_at_the_end(home: Home, keep: bool) -> Iterator[Ending]:
    """Stop the demo's stack however its block ends; after a fault its data and logs stay."""
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
        purge = interrupted or (ending.code == 0 and not keep)
        _stop(home, purge, kept=keep)
        for number, handler in before.items():
            signal.signal(number, handler)


ENDINGS: Sequence[signal.Signals] = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _be_patient(_number: int, _frame: FrameType | None) -> None:
    console.progress("stopping what the demo started; a moment")


def _stop(home: Home, purge: bool, *, kept: bool) -> None:
    try:
        console.line("4/4 stopping what was started", style="bold")
    finally:
        # A session of its own: a second Ctrl-C must not leave half of the stack running. Its output
        # is collected: a terminal that is gone must not end it before its work is done.
        stopped = subprocess.run(
            _command(home, "down", *(["--purge"] if purge else [])),
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            start_new_session=True,
        )
    if stopped.returncode:
        raise ShopstreamError(
            f"the demo's stack could not be stopped: {stopped.stderr.strip()}",
            command=f"{_on(home)} down --purge",
        )
    if purge or not home.root.exists():
        return
    if kept:
        (home.root / KEPT).touch(mode=FILE_MODE)
    console.line(f"the demo's data and logs stay in {home.root}")
    console.line(f"start it again: {_on(home)} up    remove it: {_on(home)} down --purge")


def _on(home: Home) -> str:
    """How a person calls `shopstream` on the demo's state folder."""
    return f"SHOPSTREAM_HOME={shlex.quote(str(home.root))} shopstream"

"""The demo's tour of a stack: start it, replay a file beside live shoppers, watch the
answers, have them proved."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from local.home import Home
from ops import console
from ops.commands.demo.live_figures import LiveFigures
from ops.commands.demo.live_screen import Show, figures, lines, screen, show_revenue, show_shoppers
from ops.stack import open_stack

REFRESH_SECONDS = 1.0
# Where nobody watches, a line now and then says that it goes on.
PLAIN_REFRESH_SECONDS = 4.0
CATCH_UP_SECONDS = 120.0
GIVE_UP_SECONDS = 20.0
# Some 8,800 events in 35 s, the shop's 12 minutes up to now; at 20 times its speed a visit shows
# several clicks, and nothing but what is sent late on purpose is older than 15 minutes. Of some
# 240 orders the seed makes about 9 fraud, three times what is usual, so that alerts are seen.
SHOPPERS = (
    *("--rate", "250", "--duration", "35", "--time-speed", "20", "--seed", "14"),
    *("--duplicates", "3%", "--late", "3%", "--malformed", "0.5%"),
)
# Enough for an error with its cause and the next command.
LAST_LINES = 8


@dataclass
class Tour:
    """Plays on the state folder `home`. With `as_json` it talks to standard error alone and keeps
    its answer in `document`."""

    home: Home
    source: Path
    speed: str
    as_json: bool
    document: dict[str, Any] = field(default_factory=dict)

    def play(self) -> int:
        """Play to the end or to the first command that fails; returns its exit code."""
        self.tell("1/4 starting Kafka, Postgres, Valkey and Spark")
        # Its answer is for people who go on with the stack; progress and errors are shown here too.
        if code := run(shopstream(self.home, "up", "--json"), subprocess.DEVNULL):
            return code
        self.tell(
            f"2/4 replaying {self.source.name}, while simulated shoppers browse, buy and cheat"
        )
        with closing(LiveFigures(open_stack(self.home))) as answers:
            if code := self._feed(answers):
                return code
            self._tell_simulated()
            self.tell("3/4 proving it against the raw file")
            code = self._verify()
            self._sum_up(answers)
        return code

    def tell(self, text: str) -> None:
        """Say what comes next."""
        if self.as_json:
            console.progress(text)
        else:
            console.line(text, style="bold")

    def _screen(self) -> AbstractContextManager[Show]:
        return nullcontext(lines(console.progress)) if self.as_json else screen()

    def _feed(self, answers: LiveFigures) -> int:
        """Replay the file beside simulated shoppers and show the answers until all is applied; the
        exit code of the first that failed."""
        replay = shopstream(
            self.home, "replay", "online-retail", str(self.source), "--speed", self.speed
        )
        simulate = shopstream(self.home, "simulate", *SHOPPERS, "--json")
        with ExitStack() as running:
            feeds = [
                (log, running.enter_context(_logged(command, self.home.log(log))))
                for log, command in (("replay", replay), ("simulate", simulate))
            ]
            with self._screen() as show:
                _watch(answers, [process for _, process in feeds], show)
            # Looked at before the block ends those that still run: these are not the cause.
            failed = [(log, code) for log, process in feeds if (code := process.poll())]
        for log, code in failed:
            for text in self.home.log(log).read_text().splitlines()[-LAST_LINES:]:
                console.progress(text)
            return code
        return 0

    def _tell_simulated(self) -> None:
        """What the shoppers did and how much of it was odd on purpose, as the producer counted."""
        log = self.home.log("simulate").read_text()
        # The answer, in one piece, stands between its progress and its summary in words.
        did, _ = json.JSONDecoder().raw_decode(log, log.index("{"))
        self.document["simulated"] = did
        if not self.as_json:
            console.line(
                f"the shoppers' {did['events']:,} events: {did['late']:,} sent late, "
                f"{did['duplicate']:,} sent twice, {sum(did['quarantine'].values()):,} malformed; "
                f"{did['fraud_orders']:,} orders were fraud"
            )

    def _verify(self) -> int:
        verify = shopstream(self.home, "verify", "--source", str(self.source))
        if not self.as_json:
            return run(verify)
        proof = self.home.log("verify")
        with proof.open("w") as output:
            code = run([*verify, "--json"], output)
        self.document["verify"] = json.loads(proof.read_text())
        return code

    def _sum_up(self, answers: LiveFigures) -> None:
        now = answers.now()
        unit, revenue = answers.revenue()
        if self.as_json:
            over_time = {unit: [asdict(row) for row in revenue]}
            self.document["answers"] = {**asdict(now), "revenue_over_time": over_time}
            return
        show_revenue(unit, revenue)
        show_shoppers(now)
        console.table(("answer", "value"), figures(now))


def _watch(answers: LiveFigures, feeds: Sequence[subprocess.Popen[bytes]], show: Show) -> None:
    """Show the answers until all feeds have ended and nothing lags, or one failed, or that takes
    too long.

    An application that does not catch up is verify's to report.
    """
    deadline: float | None = None
    pause = REFRESH_SECONDS if console.is_rich() else PLAIN_REFRESH_SECONDS
    while True:
        codes = [feed.poll() for feed in feeds]
        now = answers.now()
        show(now)
        ended = None not in codes
        if any(codes) or (ended and now.caught_up):
            return
        if ended and deadline is None:
            deadline = time.monotonic() + CATCH_UP_SECONDS
        if deadline is not None and time.monotonic() > deadline:
            return
        time.sleep(pause)


@contextmanager
def _logged(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A command that runs beside this one and does not outlive the block."""
    with log.open("w") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            yield process
        finally:
            end(process)


def shopstream(home: Home, *arguments: str) -> list[str]:
    """A `shopstream` command line that works on the state folder `home`."""
    # `env` sets the one variable: the rest of the environment is the user's, as they gave it.
    return [
        "/usr/bin/env",
        f"SHOPSTREAM_HOME={home.root}",
        *(sys.executable, "-P", "-m", "ops.main"),
        *arguments,
    ]


def check(source: Path) -> list[str]:
    """The producer judges a file in a moment; better before a stack is started for it."""
    return [
        *(sys.executable, "-P", "-m", "producer"),
        *("replay", "online-retail", str(source), "--check"),
    ]


def run(command: list[str], output: IO[str] | int | None = None) -> int:
    """Run a command that talks to the user itself, or to `output`; its exit code."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output)
    try:
        return process.wait()
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask a process that still runs to end, as Ctrl-C does, and see that it does."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGINT)
    try:
        process.wait(GIVE_UP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()

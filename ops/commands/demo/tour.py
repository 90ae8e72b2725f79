"""The demo's tour of a stack: start it, replay a file while shoppers act, watch the answers, have
them proved."""

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
from ops.commands.demo.live_screen import Show, headline, lines, screen, show_revenue, show_shoppers
from ops.producer import program
from ops.stack import open_stack

REFRESH_SECONDS = 1.0
# Without a terminal fewer lines are enough to show that it goes on.
PLAIN_REFRESH_SECONDS = 4.0
CATCH_UP_SECONDS = 120.0
GIVE_UP_SECONDS = 20.0
# These shoppers send about 8,800 events in 35 s, which are the last 12 minutes of their shop. At 20
# times its speed a visit shows several clicks, and only what is sent late on purpose is older than
# 15 minutes. Of about 240 orders this seed makes about 9 fraud, three times the usual share, so
# that alerts are seen.
SHOPPERS = (
    *("--rate", "250", "--duration", "35", "--time-speed", "20", "--seed", "14"),
    *("--duplicates", "3%", "--late", "3%", "--malformed", "0.5%"),
)
# This is enough for an error with its cause and the next command.
LAST_LINES = 8


@dataclass
class Tour:
    """One tour on the state folder `home`. With `as_json` it writes to standard error alone, and
    keeps its answer in `document`."""

    home: Home
    source: Path
    speed: str
    as_json: bool
    document: dict[str, Any] = field(default_factory=dict)

    def play(self) -> int:
        """Play to the end or to the first command that fails; returns its exit code."""
        self.tell("1/4 starting Kafka, Postgres, Valkey and Spark")
        # The answer of `up` is for those who go on with the stack; its progress is shown.
        if code := run(shopstream(self.home, "up", "--json"), subprocess.DEVNULL):
            return code
        self.tell(
            f"2/4 replaying {self.source.name} while simulated shoppers browse, buy and cheat"
        )
        with closing(LiveFigures(open_stack(self.home))) as live:
            if code := self._feed(live):
                return code
            self._tell_simulated()
            self.tell("3/4 proving it against the raw file")
            code = self._verify()
            self._sum_up(live)
        return code

    def tell(self, text: str) -> None:
        """Say what comes next."""
        if self.as_json:
            console.progress(text)
        else:
            console.line(text, style="bold")

    def _screen(self) -> AbstractContextManager[Show]:
        return nullcontext(lines(console.progress)) if self.as_json else screen()

    def _feed(self, live: LiveFigures) -> int:
        """Replay the file while simulated shoppers act, and show the answers until all is applied;
        return the exit code of the first program that failed."""
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
                _watch(live, [process for _, process in feeds], show)
            # Asked before the block ends those that still run: what it ends did not fail.
            failed = [(log, code) for log, process in feeds if (code := process.poll())]
        for log, code in failed:
            for text in self.home.log(log).read_text().splitlines()[-LAST_LINES:]:
                console.progress(text)
            return code
        return 0

    def _tell_simulated(self) -> None:
        """Tell what the shoppers did, and how much of it the producer counts as odd on purpose."""
        log = self.home.log("simulate").read_text()
        # The JSON stands in one piece between the progress and the summary in words.
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

    def _sum_up(self, live: LiveFigures) -> None:
        now = live.now()
        unit, revenue = live.revenue()
        if self.as_json:
            over_time = {unit: [asdict(row) for row in revenue]}
            self.document["answers"] = {**asdict(now), "revenue_over_time": over_time}
            return
        show_revenue(unit, revenue)
        show_shoppers(now)
        console.table(("answer", "value"), headline(now))


def _watch(live: LiveFigures, feeds: Sequence[subprocess.Popen[bytes]], show: Show) -> None:
    """Show the answers until all feeds have ended and nothing lags, one feed has failed, or it
    takes too long.

    It is `verify` that reports an application which does not catch up.
    """
    deadline: float | None = None
    pause = REFRESH_SECONDS if console.is_rich() else PLAIN_REFRESH_SECONDS
    while True:
        codes = [feed.poll() for feed in feeds]
        now = live.now()
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
    """Run a command beside this one; it does not outlive the block."""
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
    # `env` sets one variable: the rest of the environment is the user's.
    return [
        "/usr/bin/env",
        f"SHOPSTREAM_HOME={home.root}",
        *(sys.executable, "-P", "-m", "ops.main"),
        *arguments,
    ]


def check(source: Path) -> list[str]:
    """The command line that judges the file. It takes a moment, and saves the start of a stack."""
    return [*program("replay", "online-retail"), str(source), "--check"]


def run(command: list[str], output: IO[str] | int | None = None) -> int:
    """Run a command that writes to the terminal, or to `output`; return its exit code."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output)
    try:
        return process.wait()
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process that still runs: ask it as Ctrl-C does, and kill it if it goes on."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGINT)
    try:
        process.wait(GIVE_UP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()

"""`orders` against the same decode and window to a noop sink: ``python -m bench.orders``.

Both read the same pre-loaded topic of one-line orders in batches of equal size, in turns, each in a
process of its own. The first batches of each warm the JVM and are left out. The ratio is that of
the median rows per second. Also measured: the time of a batch in which every order is known, the
memory of the stack, and the processor time per event by process.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psutil
import psycopg

from bench.load import OrderSender
from bench.machine import load
from bench.results import publish
from bench.stack import stack_without_spark
from contracts.applications import ORDER_ANSWERS, command_line
from local.artefacts.code_zip import build
from local.home import Home
from local.java import runtime as java
from local.laptop import environment
from local.launch import fetch_jars
from local.profile import Profile, postgres_url, read_profile
from local.spark import driver_environment, endpoints
from local.supervisor.published import running
from ops.settings import CommandSettings

# docs/adr/0011-monotone-fraud-rules.md says what stands in the way of more.
FLOOR_RATIO = 0.2
AIM_RATIO = 0.4
MOST_EMPTY_SECONDS = 0.6
BATCH = 200_000
_WARM_BATCHES = 2
_WARM_KNOWN = 10
_KNOWN = 15
_ANSWER_TABLES = "orders, order_metrics, alerts, outbox, progress, journal, repeats, applications"


@dataclass
class Measured:
    """Rows per second of each warm batch, and processor seconds by process name."""

    rates: list[float] = field(default_factory=list)
    cpu: dict[str, float] = field(default_factory=dict)
    rss_gib: float = 0.0


class Bench:
    """A stack without applications, and the two programs that read its topic."""

    def __init__(self, home: Home, profile: Profile, settings: CommandSettings) -> None:
        self._home = home
        self._profile = profile
        paths = fetch_jars(settings.cache, settings.certificates, lambda _line: None, ("spark",))
        self._environment = driver_environment(
            home,
            java.bundled(home.root / "java"),
            paths["spark"],
            build(home.code).path,
            environment(home, profile),
        )

    @property
    def bootstrap(self) -> str:
        return self._profile.bootstrap_servers

    def noop(self, rows: int) -> Measured:
        """Read the whole topic to nowhere."""
        checkpoint = self._home.root / "noop"
        shutil.rmtree(checkpoint, ignore_errors=True)
        line = [
            *(sys.executable, "-m", "bench.orders_to_noop"),
            f"--bootstrap-servers={self.bootstrap}",
            f"--checkpoint={checkpoint.as_uri()}",
            f"--max-offsets={BATCH}",
        ]
        tree = self._environment | {"PYTHONPATH": str(Path(__file__).parent.parent)}
        return self._measure(line, tree, rows)

    def orders(self, rows: int) -> Measured:
        """Read the topic with the application, which has not seen any of it."""
        self.forget()
        return self._measure(self._application(), self._environment, rows)

    def known(self) -> float:
        """The median seconds of a batch that holds one order, which is known."""
        sender, seconds = OrderSender(self.bootstrap), []
        with (self._home.root / "bench.log").open("ab") as log:
            process = self._start(self._application(), self._environment, log)
            batches = _batches(process)
            for number in range(_WARM_KNOWN + _KNOWN):
                sender.send(range(number, number + 1))
                seconds.append(next(batches)[1])
            process.terminate()
            process.wait(timeout=60)
        return round(statistics.median(seconds[_WARM_KNOWN:]), 3)

    def _application(self) -> list[str]:
        return [
            *(sys.executable, "-P", "-m", "emr_jobs"),
            *command_line(
                [ORDER_ANSWERS.name],
                endpoints(self._home, self._profile),
                triggers={ORDER_ANSWERS.name: 0},
            ),
            f"--max-offsets-per-trigger={BATCH}",
        ]

    def _start(self, line: list[str], env: dict[str, str], log: IO[bytes]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            line, env=env, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True
        )

    def forget(self) -> None:
        with psycopg.connect(postgres_url(self._home, self._profile), autocommit=True) as answers:
            answers.execute(f"TRUNCATE {_ANSWER_TABLES}")
            answers.execute("VACUUM")
        shutil.rmtree(self._home.checkpoints, ignore_errors=True)

    def _measure(self, line: list[str], env: dict[str, str], rows: int) -> Measured:
        """Run until `rows` are read; every full batch after the warm ones counts."""
        measured, seen, batches = Measured(), 0, 0
        with (self._home.root / "bench.log").open("ab") as log:
            process = self._start(line, env, log)
        before = self._cpu(process.pid)
        for count, seconds in _batches(process):
            seen, batches = seen + count, batches + 1
            if batches > _WARM_BATCHES and count >= BATCH * 0.9:
                measured.rates.append(count / seconds)
            if seen >= rows:
                break
        after = self._cpu(process.pid)
        measured.cpu = {name: after[name] - before.get(name, 0.0) for name in after}
        resident = (each.memory_info().rss for _, each in self._processes(process.pid))
        measured.rss_gib = sum(resident) / (1 << 30)
        process.terminate()
        process.wait(timeout=60)
        return measured

    def _cpu(self, driver: int) -> dict[str, float]:
        found: dict[str, float] = {}
        for name, process in self._processes(driver):
            spent = process.cpu_times()
            found[name] = found.get(name, 0.0) + spent.user + spent.system
        return found

    def _processes(self, driver: int) -> Iterator[tuple[str, psutil.Process]]:
        """Every process of the stack, with the name of its part."""
        root = psutil.Process(driver)
        yield "driver", root
        for child in root.children(recursive=True):
            yield ("spark" if child.name() == "java" else "driver"), child
        snapshot = running(self._home)
        assert snapshot is not None
        for child in psutil.Process(snapshot.supervisor_pid).children(recursive=True):
            match child.name():
                case "java":
                    yield "kafka", child
                case "postgres":
                    yield "postgres", child


def _batches(process: subprocess.Popen[str]) -> Iterator[tuple[int, float]]:
    assert process.stdout is not None
    for text in process.stdout:
        line = json.loads(text) if text.startswith("{") else {}
        if line.get("batch_rows"):
            yield int(line["batch_rows"]), float(line["batch_seconds"])
    raise SystemExit(f"the run ended early; see bench.log (exit code {process.wait()})")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_400_000)
    parser.add_argument("--rounds", type=int, default=2)
    given = parser.parse_args()
    with stack_without_spark() as home:
        figures = _run(home, given.rows, given.rounds)
    publish("orders", figures, *sys.argv[1:])
    return 0 if figures["reached"] else 1


def _run(home: Home, rows: int, rounds: int) -> dict[str, object]:
    profile = read_profile(home)
    assert profile is not None
    bench = Bench(home, profile, CommandSettings.from_environment())
    OrderSender(bench.bootstrap).send(range(rows))
    noop, orders = Measured(), Measured()
    for _ in range(rounds):
        noop.rates += bench.noop(rows).rates
        latest = bench.orders(rows)
        orders.rates += latest.rates
        orders.cpu, orders.rss_gib = latest.cpu, max(orders.rss_gib, latest.rss_gib)
    known = bench.known()
    ratio = statistics.median(orders.rates) / statistics.median(noop.rates)
    return {
        "orders_rows_per_second": round(statistics.median(orders.rates)),
        "noop_rows_per_second": round(statistics.median(noop.rates)),
        "ratio": round(ratio, 3),
        "floor": FLOOR_RATIO,
        "aim": AIM_RATIO,
        "reached": ratio >= FLOOR_RATIO,
        "batch_without_news_seconds": known,
        "most_batch_without_news_seconds": MOST_EMPTY_SECONDS,
        "cpu_microseconds_per_event": {
            name: round(seconds / rows * 1e6, 2) for name, seconds in sorted(orders.cpu.items())
        },
        "orders_stack_resident_gib": round(orders.rss_gib, 2),
        "rows": rows,
        "rounds": rounds,
        "load_at_end": load(),
    }


if __name__ == "__main__":
    sys.exit(main())

"""A stack whose topics are loaded, and the programs that read them: how fast each is, and what it
takes of the machine."""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg

from contracts.applications import command_line
from contracts.tables.postgres import POSTGRES_TABLES
from emr_jobs.stores.kafka import KafkaClient, KafkaEndpoint
from local.artefacts.code_zip import build
from local.home import Home
from local.java import runtime as java
from local.laptop import environment
from local.launch import fetch_jars
from local.profile import Profile, postgres_url, read_profile
from local.spark import driver_environment, endpoints
from local.supervisor.published import running
from ops.settings import CommandSettings

BATCH = 200_000
# The first batches of a process warm its JVM and are left out.
_WARM_BATCHES = 2
# Lines of a program's log that are shown when it ends early.
_LAST_LINES = 20
# The yardstick has Spark's own defaults: all that it is told is where it may listen.
_STOCK = (
    "--master local[2] --driver-memory 2g --conf spark.driver.host=127.0.0.1 "
    "--conf spark.driver.bindAddress=127.0.0.1 --conf spark.ui.enabled=false pyspark-shell"
)


@dataclass
class Measured:
    """Rows per second of each warm batch; processor seconds by process name, of `rows` rows."""

    rates: list[float] = field(default_factory=list)
    cpu: dict[str, float] = field(default_factory=dict)
    rows: int = 0
    rss_gib: float = 0.0

    @property
    def median(self) -> float:
        return statistics.median(self.rates)

    def add(self, other: Measured) -> None:
        self.rates += other.rates
        self.rows += other.rows
        for name, seconds in other.cpu.items():
            self.cpu[name] = self.cpu.get(name, 0.0) + seconds
        self.rss_gib = max(self.rss_gib, other.rss_gib)

    def cpu_us_per_event(self) -> dict[str, float]:
        return {
            name: round(seconds / self.rows * 1e6, 2) for name, seconds in sorted(self.cpu.items())
        }


class LoadedStack:
    """A running stack without applications."""

    def __init__(self, home: Home) -> None:
        profile = read_profile(home)
        assert profile is not None
        settings = CommandSettings.from_environment()
        self.home = home
        self._log = home.scratch / "bench.log"
        self._profile: Profile = profile
        paths = fetch_jars(settings.cache, settings.network, lambda _line: None, ("spark",))
        self.environment = driver_environment(
            home,
            java.bundled(home.root / "java"),
            paths["spark"],
            build(home.code).path,
            environment(home, profile),
        )

    @property
    def bootstrap(self) -> str:
        return self._profile.bootstrap_servers

    def records(self, topics: Collection[str]) -> int:
        """How many records the topics hold."""
        kafka = KafkaClient(KafkaEndpoint(self.bootstrap, "none"))
        try:
            ends = kafka.end_offsets(topics)
        finally:
            kafka.close()
        return sum(offset for topic in topics for offset in ends[topic].values())

    def noop(self, topics: Sequence[str], batch: int = BATCH) -> Measured:
        """Read the topics to nowhere, with the frozen yardstick."""
        checkpoint = self.home.scratch / "noop"
        shutil.rmtree(checkpoint, ignore_errors=True)
        line = [
            *(sys.executable, "-m", "bench.yardsticks.noop"),
            f"--bootstrap-servers={self.bootstrap}",
            f"--topics={','.join(topics)}",
            f"--checkpoint={checkpoint.as_uri()}",
            f"--max-offsets={batch}",
        ]
        stock = self.environment | {
            "PYTHONPATH": str(Path(__file__).parent.parent),
            "PYSPARK_SUBMIT_ARGS": _STOCK,
        }
        return self._measure(line, stock, self.records(topics), batch)

    def application(self, name: str, topics: Sequence[str], batch: int = BATCH) -> Measured:
        """Read the topics with an application that has not seen any of it."""
        self.forget()
        rows = self.records(topics)
        return self._measure(self._line(name, batch), self.environment, rows, batch)

    def started(self, name: str) -> subprocess.Popen[str]:
        """An application's process; `batches` tells what it does."""
        return self._start(self._line(name, BATCH), self.environment)

    def batches(self, process: subprocess.Popen[str]) -> Iterator[tuple[int, float]]:
        """The rows and the seconds of each batch that a program prints; SystemExit if it ends."""
        assert process.stdout is not None
        for text in process.stdout:
            line = json.loads(text) if text.startswith("{") else {}
            if line.get("batch_rows"):
                yield int(line["batch_rows"]), float(line["batch_seconds"])
        last = "\n".join(self._log.read_text().splitlines()[-_LAST_LINES:])
        raise SystemExit(f"{last}\nthe program ended early, with exit code {process.wait()}")

    def forget(self) -> None:
        """Forget every answer, progress and checkpoint, and the lake."""
        tables = ", ".join(table.name for table in POSTGRES_TABLES)
        with psycopg.connect(postgres_url(self.home, self._profile), autocommit=True) as answers:
            answers.execute(f"TRUNCATE {tables}")
            # The catalog of the lake, which the first application makes.
            answers.execute("DROP TABLE IF EXISTS iceberg_tables, iceberg_namespace_properties")
            answers.execute("VACUUM")
        for folder in (self.home.checkpoints, self.home.warehouse):
            shutil.rmtree(folder, ignore_errors=True)

    def _line(self, name: str, batch: int) -> list[str]:
        where = endpoints(self.home, self._profile)
        return [
            *(sys.executable, "-P", "-m", "emr_jobs"),
            *command_line([name], where, triggers={name: 0}),
            f"--max-offsets-per-trigger={batch}",
        ]

    def _start(self, line: list[str], env: dict[str, str]) -> subprocess.Popen[str]:
        with self._log.open("wb") as log:
            return subprocess.Popen(
                line,
                env=env,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )

    def _measure(self, line: list[str], env: dict[str, str], rows: int, batch: int) -> Measured:
        """Run until `rows` are read; every full batch after the warm ones counts."""
        measured, seen, number = Measured(), 0, 0
        process = self._start(line, env)
        before = self._cpu(process.pid)
        for count, seconds in self.batches(process):
            seen, number = seen + count, number + 1
            if number > _WARM_BATCHES and count >= batch * 0.9:
                measured.rates.append(count / seconds)
            if seen >= rows:
                break
        after = self._cpu(process.pid)
        measured.rows = seen
        # A process that has ended takes its seconds with it.
        measured.cpu = {name: max(0.0, after[name] - before.get(name, 0.0)) for name in after}
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
        snapshot = running(self.home)
        assert snapshot is not None
        for child in psutil.Process(snapshot.supervisor_pid).children(recursive=True):
            match child.name():
                case "java":
                    yield "kafka", child
                case "postgres":
                    yield "postgres", child

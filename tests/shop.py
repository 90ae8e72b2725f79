"""A shop's stack as its engineer uses it: by the command, in its own state folder, with a PATH that
has neither Java nor Node."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import psutil
import psycopg
from kafka import KafkaConsumer, TopicPartition

from local.home import Home
from local.java.runtime import bundled
from local.profile import Profile, postgres_url, read_profile
from ops.settings import CommandSettings

ROOT = Path(__file__).parent.parent
SLICE = ROOT / "examples" / "online_retail_slice.csv.gz"
CACHE = CommandSettings.from_environment().cache
_KEPT = ("SSL_CERT_FILE",)


class Shop:
    """The shell of one user, who uses the command of the checkout `tree`."""

    def __init__(
        self,
        folder: Path,
        *,
        cache: Path = CACHE,
        tree: Path = ROOT,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.home = folder / "home"
        # As the launcher of the tree's own environment would.
        python = (sys.executable, "-E", "-P", "-X", "utf8")
        start = (
            "import sys; sys.path.insert(0, sys.argv.pop(1)); from ops.entry import main; main()"
        )
        self._command = (*python, "-c", start, str(tree))
        self._environment = {
            "HOME": str(folder),
            "PATH": "/nowhere",
            "SHOPSTREAM_HOME": str(self.home),
            "SHOPSTREAM_CACHE": str(cache),
            **{name: os.environ[name] for name in _KEPT if name in os.environ},
            **(environment or {}),
        }

    def run(
        self, *line: str, before: tuple[str, ...] = (), seconds: float = 580
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*before, *self._command, *line],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
        )

    def start(self, *line: str, errors: IO[str] | int = subprocess.PIPE) -> subprocess.Popen[str]:
        """A command that goes on while the test does something to the stack."""
        return subprocess.Popen(
            [*self._command, *line],
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )

    def answer(self, *line: str) -> dict[str, Any]:
        """The JSON of a command, which must end well."""
        done = self.run(*line, "--json")
        assert done.returncode == 0, f"{line}: {done.stdout}\n{done.stderr}"
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def rows(self, *line: str) -> list[dict[str, Any]]:
        """The JSON of a command that answers with rows, which must end well."""
        done = self.run(*line, "--json")
        assert done.returncode == 0, f"{line}: {done.stdout}\n{done.stderr}"
        found: list[dict[str, Any]] = json.loads(done.stdout)
        return found

    def up(self, *options: str) -> dict[str, Any]:
        """Start the stack on a Java that starts quickly and never becomes fast."""
        return self.answer("up", "--java", str(_quick_to_start(self.folder / "java")), *options)

    def replay(self, *options: str, file: Path = SLICE) -> dict[str, Any]:
        return self.answer("replay", "online-retail", str(file), "--speed", "max", *options)

    def verified(self, *options: str) -> dict[str, Any]:
        """The report of a verification, which must be green."""
        done = self.run("verify", *options, "--json")
        report: dict[str, Any] = json.loads(done.stdout) if done.stdout else {}
        assert done.returncode == 0, f"{json.dumps(report, indent=1)[:6000]}\n{done.stderr[-3000:]}"
        assert (report["lost"], report["duplicated"], report["conflicting"]) == (0, 0, 0)
        assert all(level["ok"] for level in report["levels"].values())
        return report

    def refused(self, *line: str, code: int, before: tuple[str, ...] = ()) -> str:
        """The error that a command prints when it ends with `code`; a traceback fails the test."""
        done = self.run(*line, before=before)
        assert done.returncode == code, f"{line}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        errors = [said for said in done.stderr.splitlines() if said.startswith("error:")]
        assert len(errors) == 1, done.stderr
        return done.stderr

    def _profile(self) -> Profile:
        profile = read_profile(Home(self.home))
        assert profile is not None
        return profile

    def connect(self) -> psycopg.Connection:
        """A connection to the stack's Postgres."""
        return psycopg.connect(postgres_url(Home(self.home), self._profile()), autocommit=True)

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """The rows that a statement gives in the stack's Postgres."""
        with self.connect() as connection:
            cursor = connection.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []

    def status(self) -> dict[str, Any]:
        """The state of the stack, ready or not."""
        done = self.run("status", "--json")
        assert done.returncode in (0, 1, 3), done.stderr
        status: dict[str, Any] = json.loads(done.stdout)
        return status

    def process(self, part: str) -> psutil.Process:
        """The leading process of a part, which must run."""
        pid = self.status()["parts"][part]["pid"]
        assert pid is not None, f"{part} does not run"
        return psutil.Process(pid)

    def kill(self, part: str) -> psutil.Process:
        """Send SIGKILL to the whole process group of a part; return its leading process."""
        leader = self.process(part)
        os.killpg(leader.pid, signal.SIGKILL)
        return leader

    def spark(self) -> psutil.Process:
        """The driver process of the applications."""
        return self.process("spark")

    def ends(self, topic: str) -> dict[int, int]:
        """The end offset of each partition of a topic."""
        servers = self._profile().bootstrap_servers.split(",")
        consumer = KafkaConsumer(bootstrap_servers=servers)
        partitions = [TopicPartition(topic, n) for n in consumer.partitions_for_topic(topic) or ()]
        found = {one.partition: end for one, end in consumer.end_offsets(partitions).items()}
        consumer.close()
        return found

    def spark_log(self) -> str:
        return (self.home / "logs" / "spark.log").read_text(errors="replace")

    def left(self) -> list[str]:
        """The command lines that still name this state folder."""
        lines = []
        for process in psutil.process_iter():
            try:
                line = " ".join(process.cmdline())
            except psutil.Error:
                continue
            if str(self.home) in line:
                lines.append(line)
        return lines


def _quick_to_start(folder: Path) -> Path:
    """The bundled Java without the second compiler, which a test's few batches do not repay."""
    java = bundled(folder)
    shim = folder / "bin" / "java"
    text = shim.read_text()
    whole, quick = f'exec "{java.binary}"', f'exec "{java.binary}" -XX:TieredStopAtLevel=1'
    assert whole in text
    shim.write_text(text.replace(whole, quick))
    return folder


@contextmanager
def open_shop(
    folder: Path, *, tree: Path = ROOT, environment: Mapping[str, str] | None = None
) -> Iterator[Shop]:
    """Yield a shop; nothing of it stays but the logs of its stack."""
    # As private as the home of root: the user of the database server may not even enter it.
    folder.chmod(0o700)
    shop = Shop(folder, tree=tree, environment=environment)
    try:
        yield shop
    finally:
        shop.run("down")
        if (shop.home / "logs").exists():
            shutil.copytree(shop.home / "logs", folder / "logs")
        shop.run("down", "--purge")
    assert shop.left() == []


# Seconds between two commands that ask: the start of one costs half a second of processor time.
BY_COMMAND = 2.0


def eventually(
    holds: Callable[[], bool], what: str, seconds: float = 120, every: float = 0.2
) -> float:
    """Wait until `holds` is true and return the seconds that it took; fail when it never is."""
    started = time.monotonic()
    while not holds():
        if time.monotonic() - started > seconds:
            raise AssertionError(f"after {seconds} s still not: {what}")
        # Stores and processes do not tell when they have changed, so they are asked again.
        time.sleep(every)
    return time.monotonic() - started

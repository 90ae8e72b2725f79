"""A shop's stack as its engineer uses it: by the command, in a state folder of its own, on a PATH
without Java and Node."""

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
from typing import Any

import psutil
import psycopg
from kafka import KafkaConsumer, TopicPartition

from local.home import Home
from local.java.runtime import bundled
from local.profile import Profile, postgres_url, read_profile
from ops.settings import Settings

ROOT = Path(__file__).parent.parent
SLICE = ROOT / "examples" / "online_retail_slice.csv.gz"
CACHE = Settings.from_environment().cache
_KEPT = ("SSL_CERT_FILE",)
# -P: the command comes from the tree in PYTHONPATH, wherever the tests are run.
_COMMAND = (sys.executable, "-P", "-m", "ops.main")


class Shop:
    """One user's shell; `tree` is the checkout whose command it uses."""

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
        self._environment = {
            "HOME": str(folder),
            "PATH": "/nowhere",
            "SHOPSTREAM_HOME": str(self.home),
            "SHOPSTREAM_CACHE": str(cache),
            "PYTHONPATH": str(tree),
            **{name: os.environ[name] for name in _KEPT if name in os.environ},
            **(environment or {}),
        }

    def run(
        self, *line: str, before: tuple[str, ...] = (), seconds: float = 580
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*before, *_COMMAND, *line],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
        )

    def start(self, *line: str) -> subprocess.Popen[str]:
        """A command that goes on while the test does something to the stack."""
        return subprocess.Popen(
            [*_COMMAND, *line],
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def answer(self, *line: str) -> dict[str, Any]:
        """A command's JSON, when it ends well."""
        done = self.run(*line, "--json")
        assert done.returncode == 0, f"{line}: {done.stdout}\n{done.stderr}"
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def rows(self, *line: str) -> list[dict[str, Any]]:
        """The JSON of a command that answers with rows, when it ends well."""
        done = self.run(*line, "--json")
        assert done.returncode == 0, f"{line}: {done.stdout}\n{done.stderr}"
        found: list[dict[str, Any]] = json.loads(done.stdout)
        return found

    def up(self, *options: str) -> dict[str, Any]:
        """Start the stack on a Java that is quick to start, and never quick."""
        return self.answer("up", "--java", str(_quick_to_start(self.folder / "java")), *options)

    def replay(self, *options: str, file: Path = SLICE) -> dict[str, Any]:
        return self.answer("replay", "online-retail", str(file), "--speed", "max", *options)

    def verified(self, *options: str) -> dict[str, Any]:
        """The report of a verification that found everything as it should be."""
        done = self.run("verify", *options, "--json")
        report: dict[str, Any] = json.loads(done.stdout) if done.stdout else {}
        assert done.returncode == 0, f"{json.dumps(report, indent=1)[:6000]}\n{done.stderr[-3000:]}"
        assert (report["lost"], report["duplicated"], report["conflicting"]) == (0, 0, 0)
        assert all(level["ok"] for level in report["levels"].values())
        return report

    def refused(self, *line: str, code: int, before: tuple[str, ...] = ()) -> str:
        """What a command says on its way out with `code`: one error, and no traceback."""
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
        """A session of the stack's Postgres."""
        return psycopg.connect(postgres_url(Home(self.home), self._profile()), autocommit=True)

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Rows of the stack's Postgres."""
        with self.connect() as connection:
            cursor = connection.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []

    def status(self) -> dict[str, Any]:
        """The stack's state, whether or not all is ready."""
        done = self.run("status", "--json")
        assert done.returncode in (0, 1, 3), done.stderr
        status: dict[str, Any] = json.loads(done.stdout)
        return status

    def process(self, part: str) -> psutil.Process:
        """The process that leads a part which runs."""
        pid = self.status()["parts"][part]["pid"]
        assert pid is not None, f"{part} does not run"
        return psutil.Process(pid)

    def kill(self, part: str) -> psutil.Process:
        """SIGKILL to the whole process group of a part; returns what led it."""
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
        found = {place.partition: end for place, end in consumer.end_offsets(partitions).items()}
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
    """The bundled Java without the thorough compiler, which gives nothing back for a test's few
    batches."""
    java = bundled(folder)
    shim = folder / "bin" / "java"
    text = shim.read_text()
    whole, quick = f'exec "{java.binary}"', f'exec "{java.binary}" -XX:TieredStopAtLevel=1'
    assert whole in text
    shim.write_text(text.replace(whole, quick))
    return folder


@contextmanager
def open_shop(folder: Path, *, tree: Path = ROOT) -> Iterator[Shop]:
    """A shop that leaves nothing behind but the logs of its stack."""
    # As private as /root is: the database server's own user may not even enter it.
    folder.chmod(0o700)
    shop = Shop(folder, tree=tree)
    try:
        yield shop
    finally:
        shop.run("down")
        if (shop.home / "logs").exists():
            shutil.copytree(shop.home / "logs", folder / "logs")
        shop.run("down", "--purge")
    assert shop.left() == []


# How often to ask by a command: its start alone costs half a second of processor time.
BY_COMMAND = 2.0


def eventually(
    holds: Callable[[], bool], what: str, seconds: float = 120, every: float = 0.2
) -> float:
    """Wait until something holds; returns the seconds it took, fails when it never does."""
    started = time.monotonic()
    while not holds():
        if time.monotonic() - started > seconds:
            raise AssertionError(f"after {seconds} s still not: {what}")
        # Stores and processes tell nobody when they have changed.
        time.sleep(every)
    return time.monotonic() - started

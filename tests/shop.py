"""A shop's stack as its engineer uses it: by the command, in a state folder of its own, on a PATH
without Java and Node."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg

from ops.settings import Settings

ROOT = Path(__file__).parent.parent
SLICE = ROOT / "examples" / "online_retail_slice.csv.gz"
CACHE = Settings.from_environment().cache
_KEPT = ("SSL_CERT_FILE",)


class Shop:
    """One user's shell."""

    def __init__(self, folder: Path, cache: Path = CACHE) -> None:
        self.home = folder / "home"
        self._environment = {
            "HOME": str(folder),
            "PATH": "/nowhere",
            "SHOPSTREAM_HOME": str(self.home),
            "SHOPSTREAM_CACHE": str(cache),
            "PYTHONPATH": str(ROOT),
            **{name: os.environ[name] for name in _KEPT if name in os.environ},
        }

    def run(
        self, *line: str, before: tuple[str, ...] = (), seconds: float = 400
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*before, sys.executable, "-m", "ops.main", *line],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
        )

    def start(self, *line: str) -> subprocess.Popen[str]:
        """A command that goes on while the test does something to the stack."""
        return subprocess.Popen(
            [sys.executable, "-m", "ops.main", *line],
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

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Rows of the stack's Postgres."""
        with psycopg.connect(self.answer("status")["postgres"], autocommit=True) as connection:
            cursor = connection.execute(statement)  # type: ignore[call-overload]
            return list(cursor.fetchall()) if cursor.description else []

    def spark(self) -> psutil.Process:
        """The driver process of the applications."""
        return psutil.Process(self.answer("status")["parts"]["spark"]["pid"])

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


@contextmanager
def open_shop(folder: Path) -> Iterator[Shop]:
    """A shop that leaves nothing behind."""
    # As private as /root is: the database server's own user may not even enter it.
    folder.chmod(0o700)
    shop = Shop(folder)
    try:
        yield shop
    finally:
        shop.run("down", "--purge")
    assert shop.left() == []


def eventually(holds: Callable[[], bool], what: str, seconds: float = 120) -> float:
    """Wait until something holds; returns the seconds it took, fails when it never does."""
    started = time.monotonic()
    while not holds():
        if time.monotonic() - started > seconds:
            raise AssertionError(f"after {seconds} s still not: {what}")
        time.sleep(0.2)
    return time.monotonic() - started

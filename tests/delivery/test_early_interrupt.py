"""Ctrl-C while a command still loads its libraries: it ends at once, and shows no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from contracts.errors import INTERRUPTED


@pytest.mark.parametrize(
    ("library", "command"),
    [
        ("typer", ["-c", "from ops.entry import main; main()", "status"]),
        ("duckdb", ["-c", "from ops.entry import main; main()", "sql", "SELECT 1"]),
        ("confluent_kafka", ["-m", "producer", "simulate", "--outlet", "null", "--count", "1"]),
    ],
)
def test_the_interrupt_comes_in_the_middle_of_an_import(
    library: str, command: list[str], tmp_path: Path
) -> None:
    # A shell starts what runs in its background with the signal ignored.
    (tmp_path / f"{library}.py").write_text(
        "import os, signal\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "os.kill(os.getpid(), signal.SIGINT)\n"
    )
    ended = subprocess.run(
        [sys.executable, *command],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
    )
    assert ended.returncode == INTERRUPTED
    assert "Traceback" not in ended.stderr

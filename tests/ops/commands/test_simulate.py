"""`shopstream simulate` without a stack."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def simulate(home: Path, *given: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "ops.main", "simulate", *given],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "SHOPSTREAM_HOME": str(home), "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def test_events_to_nobody_need_no_stack(tmp_path: Path) -> None:
    ended = simulate(tmp_path / "home", "--count", "500", "--outlet", "null", "--json")
    assert ended.returncode == 0
    assert json.loads(ended.stdout)["acknowledged"] == 500
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("outlet", [[], ["--outlet", "kafka"]])
def test_events_to_kafka_need_one(tmp_path: Path, outlet: list[str]) -> None:
    ended = simulate(tmp_path / "home", "--count", "500", *outlet)
    assert ended.returncode == 3
    assert "next: shopstream up" in ended.stderr

"""A small file and replays of it, for every test of the replay."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.producer.replay.tried import ROWS, Try
from tests.producer.retail import write_file


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_file(tmp_path / "retail.csv", ROWS)


@pytest.fixture
def tried(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Try:
    return Try(tmp_path, capsys)

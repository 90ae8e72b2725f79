"""A small Online Retail file, and replays of it into a folder."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from contracts.ledger import RUN_FILE, Run, SourceFile
from producer.command import main
from tests.producer.retail import row

ROWS = [
    row("1", customer="17850.0", date="2010-12-01 08:26:00"),
    row("1", customer="", quantity="0"),
    row("C2", customer="", quantity="-1", date="2010-12-01 09:00:00", country="France"),
    row("3", price="0", date="2010-12-02 08:00:00"),
]


class Try:
    """Replays into a folder, and what they leave."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.out, self.ledger, self._capsys = folder / "out", folder / "ledger", capsys

    def replay(self, file: Path, *more: str) -> tuple[int, dict[str, Any]]:
        where = ["--outlet", "file", "--out", str(self.out), "--ledger", str(self.ledger)]
        code = main(["replay", "online-retail", str(file), *where, "--json", *more])
        return code, json.loads(self._capsys.readouterr().out)

    def run(self, run_id: str) -> Run:
        return Run.from_json((self.ledger / run_id / RUN_FILE).read_text())

    def source(self, run_id: str) -> SourceFile:
        source = self.run(run_id).source
        assert source is not None
        return source

    def table(self, run_id: str, name: str) -> list[dict[str, str]]:
        with (self.ledger / run_id / name).open(newline="") as lines:
            return list(csv.DictReader(lines))

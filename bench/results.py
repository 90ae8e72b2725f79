"""Benchmark results: one JSON object per line, with date, machine and command; never edited."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from bench.machine import describe

_RESULTS = Path(__file__).parent / "results"


def publish(benchmark: str, figures: Mapping[str, object], *arguments: str) -> None:
    """Add the result of ``python -m bench.<benchmark>`` to ``<benchmark>.ndjson``, and show it."""
    _RESULTS.mkdir(exist_ok=True)
    path = _RESULTS / f"{benchmark}.ndjson"
    now = datetime.now(UTC)  # noqa: TID251 - a benchmark measures on the machine's clock
    result = {
        "measured_at": now.isoformat(timespec="seconds"),
        "command": shlex.join(["python", "-m", f"bench.{benchmark}", *arguments]),
        "machine": describe(),
        **figures,
    }
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(result) + "\n")
    sys.stdout.write(json.dumps(figures, indent=2) + f"\nappended to {path}\n")

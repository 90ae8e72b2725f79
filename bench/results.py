"""Benchmark results: one JSON object per line, with date, machine and command; never edited."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.machine import describe

RESULTS = Path(__file__).parent / "results"


def today() -> datetime:
    """The date of a result."""
    return datetime.now(UTC)  # noqa: TID251 - a benchmark measures on the machine's clock


def append(
    benchmark: str,
    figures: Mapping[str, object],
    *,
    command: Sequence[str],
    measured_at: datetime,
    folder: Path = RESULTS,
) -> Path:
    """Add one result to ``<benchmark>.ndjson`` and return the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{benchmark}.ndjson"
    result = {
        "measured_at": measured_at.isoformat(timespec="seconds"),
        "command": shlex.join(command),
        "machine": describe(),
        **figures,
    }
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(result) + "\n")
    return path

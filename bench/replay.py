"""Replay against a csv.DictReader loop, and the memory it takes: ``python -m bench.replay FILE``.

The yardstick reads the same file row by row with csv.DictReader, casts quantity, price and date, and
makes one JSON text a row; it groups nothing, checks nothing, hashes nothing. The replay does all of
its work, the first pass over the file included, into the null outlet. Both run in this process, in
turns, and are compared by processor time, because the machine may be shared.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import psutil

from bench.machine import load
from bench.results import append
from producer.__main__ import main as producer

FLOOR_RATIO = 3.0
MOST_RSS_MB = 200
_SAMPLE_SECONDS = 0.02


def yardstick(path: Path) -> int:
    """Read, cast and make JSON of every row; return their number."""
    rows = 0
    with _text(path) as stream:
        for row in csv.DictReader(stream):
            fields: dict[str, object] = dict(row)
            fields["Quantity"] = int(row["Quantity"])
            fields["UnitPrice"] = float(row["UnitPrice"])
            fields["InvoiceDate"] = datetime.fromisoformat(row["InvoiceDate"]).isoformat()
            json.dumps(fields).encode()
            rows += 1
    return rows


def replay_arguments(path: Path, folder: Path) -> list[str]:
    """A replay of the whole file that sends nothing and leaves only what is in `folder`."""
    return [
        *("replay", "online-retail", str(path), "--outlet", "null"),
        *("--vault", str(folder / "vault"), "--rejected", str(folder / "rejected.csv")),
    ]


def peak_rss_mb(path: Path, folder: Path) -> float:
    """The most resident memory of a replay in a process of its own, with a ledger."""
    arguments = [*replay_arguments(path, folder), "--ledger", str(folder / "ledger")]
    process = subprocess.Popen(
        [sys.executable, "-m", "producer", *arguments], stderr=subprocess.DEVNULL
    )
    watched, peak = psutil.Process(process.pid), 0
    while process.poll() is None:
        try:
            peak = max(peak, watched.memory_info().rss)
        except psutil.NoSuchProcess:
            break
        time.sleep(_SAMPLE_SECONDS)
    if process.wait() != 0:
        raise SystemExit(f"the replay ended with {process.returncode}")
    return round(peak / 1e6, 1)


def _cpu_seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _text(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _measure(path: Path, rounds: int, folder: Path) -> dict[str, object]:
    rows = yardstick(path)
    arguments = replay_arguments(path, folder)
    pairs = [
        (_cpu_seconds(lambda: yardstick(path)), _cpu_seconds(lambda: producer(arguments)))
        for _ in range(rounds)
    ]
    ratios = [theirs / ours for theirs, ours in pairs]
    return {
        "file": path.name,
        "rows": rows,
        "rounds": rounds,
        "ratio_median": round(statistics.median(ratios), 2),
        "ratio_least": round(min(ratios), 2),
        "dictreader_rows_per_cpu_s": round(rows / statistics.median(p[0] for p in pairs)),
        "replay_rows_per_cpu_s": round(rows / statistics.median(p[1] for p in pairs)),
        "peak_rss_mb": peak_rss_mb(path, folder),
        "load": load(),
        "floor_ratio": FLOOR_RATIO,
        "most_rss_mb": MOST_RSS_MB,
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.replay", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = _measure(arguments.file, arguments.rounds, Path(folder))
    command = ["python", "-m", "bench.replay", arguments.file.name]
    path = append(
        "replay",
        figures,
        command=command,
        measured_at=datetime.now(UTC),  # noqa: TID251 - the date of a result
    )
    sys.stdout.write(json.dumps(figures, indent=2) + f"\nappended to {path}\n")
    good = (
        float(str(figures["ratio_median"])) >= FLOOR_RATIO
        and float(str(figures["peak_rss_mb"])) < MOST_RSS_MB
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

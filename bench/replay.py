"""Replay against a csv.DictReader loop, and the memory it takes: ``python -m bench.replay [FILE]``.

The yardstick reads the same file row by row with csv.DictReader, casts quantity, price and date to
what an event holds (integer, exact ten-thousandths, microseconds UTC), and makes one JSON text per
row. It groups nothing, checks nothing and hashes nothing. A second yardstick uses a float for the
price and leaves the date as a text. The replay does all of its work into the null outlet, including
the first pass over the file. All run in this process, in turns, and are compared by processor time,
because the machine may be shared. If no file is given, they read the shipped slice a dozen times,
because the start of a replay takes as long as a third of the slice.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import re
import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from bench.machine import load
from bench.results import publish
from bench.usage import cpu_seconds, peak_rss_mb
from contracts.money import price_from_text
from producer.command import main as producer

FLOOR_RATIO = 3.0
MOST_RSS_MB = 200
_SLICE = Path(__file__).parent.parent / "examples" / "online_retail_slice.csv.gz"
_TIMES = 12


def yardstick(path: Path) -> int:
    """Read every row, cast it to what an event holds, make JSON of it; return how many rows."""
    rows = 0
    with _text(path) as stream:
        for row in csv.DictReader(stream):
            moment = datetime.fromisoformat(row["InvoiceDate"]).replace(tzinfo=UTC)
            fields: dict[str, object] = dict(row)
            fields["Quantity"] = int(row["Quantity"])
            fields["UnitPrice"] = price_from_text(row["UnitPrice"])
            fields["InvoiceDate"] = int(moment.timestamp()) * 1_000_000
            json.dumps(fields).encode()
            rows += 1
    return rows


def loose_yardstick(path: Path) -> None:
    """The same with a float for the price and the date as a text."""
    with _text(path) as stream:
        for row in csv.DictReader(stream):
            fields: dict[str, object] = dict(row)
            fields["Quantity"] = int(row["Quantity"])
            fields["UnitPrice"] = float(row["UnitPrice"])
            json.dumps(fields).encode()


def repeated_slice(folder: Path) -> Path:
    """The slice a dozen times as uncompressed csv, with other invoice numbers each time."""
    path = folder / f"{_TIMES}_slices.csv"
    with _text(_SLICE) as stream, path.open("w", encoding="utf-8", newline="") as out:
        header, *rows = stream.readlines()
        out.write(header)
        for copy in range(_TIMES):
            # 536365 becomes 3536365, C536379 becomes C3536379.
            out.writelines(re.sub(r"^(\D?)", rf"\g<1>{copy + 1}", row) for row in rows)
    return path


def replay_arguments(path: Path, folder: Path) -> list[str]:
    """A replay of the whole file that sends nothing and writes only into `folder`."""
    return [
        *("replay", "online-retail", str(path), "--outlet", "null"),
        *("--rejected", str(folder / "rejected.csv")),
    ]


def peak_of_a_replay(path: Path, folder: Path) -> float:
    """The most resident memory, in MB, of a replay with a ledger in a process of its own."""
    arguments = [*replay_arguments(path, folder), "--ledger", str(folder / "ledger")]
    line = [sys.executable, "-m", "producer", *arguments]
    return peak_rss_mb(subprocess.Popen(line, stderr=subprocess.DEVNULL), "replay")


def _text(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _measure(path: Path, rounds: int, folder: Path) -> dict[str, object]:
    rows = yardstick(path)
    arguments = replay_arguments(path, folder)
    times = [
        (
            cpu_seconds(lambda: yardstick(path)),
            cpu_seconds(lambda: loose_yardstick(path)),
            cpu_seconds(lambda: producer(arguments)),
        )
        for _ in range(rounds)
    ]
    exact, loose, ours = (statistics.median(column) for column in zip(*times, strict=True))
    return {
        "file": path.name,
        "rows": rows,
        "rounds": rounds,
        "ratio": round(exact / ours, 2),
        "ratio_to_loose": round(loose / ours, 2),
        "dictreader_rows_per_cpu_s": round(rows / exact),
        "loose_dictreader_rows_per_cpu_s": round(rows / loose),
        "replay_rows_per_cpu_s": round(rows / ours),
        "peak_rss_mb": peak_of_a_replay(path, folder),
        "load": load(),
        "floor_ratio": FLOOR_RATIO,
        "most_rss_mb": MOST_RSS_MB,
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.replay", description=__doc__)
    parser.add_argument("file", type=Path, nargs="?")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = arguments.file or repeated_slice(Path(folder))
        figures = _measure(file, arguments.rounds, Path(folder))
    publish("replay", figures, *([file.name] if arguments.file else []))
    good = (
        float(str(figures["ratio"])) >= FLOOR_RATIO
        and float(str(figures["peak_rss_mb"])) < MOST_RSS_MB
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

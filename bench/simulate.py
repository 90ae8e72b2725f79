"""Simulated shoppers against a loop of random, dict and JSON: ``python -m bench.simulate``.

The yardstick draws each event by itself, puts it into a dict and makes JSON text of it: no session,
no order of lines, no token, an id made as ours are. The simulation does all of its work into the
null outlet: visits, ids, tokens, Avro, verdicts. Both run in this process, in turns, and are
compared by processor time, because the machine may be shared. Memory is that of a process of its
own, at two lengths. With `--bootstrap-servers` the rate into that Kafka is measured as well, by one
process.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from bench.machine import load
from bench.results import append, today
from contracts.events import simulated_event_id
from producer.__main__ import main as producer

FLOOR_RATIO = 2.5
MOST_GROWTH_MB = 40
AIM_PER_CPU_SECOND = 500_000
AIM_INTO_KAFKA = 100_000
_SAMPLE_SECONDS = 0.05
_PRODUCTS, _SHOPPERS = 2_000, 200_000
_FIRST_US = 1_767_225_600_000_000


def yardstick(events: int) -> None:
    """Make so many events one by one."""
    draw = random.Random(7)
    for number in range(events):
        event = {
            "event_id": simulated_event_id("bench", "bench", number),
            "event_time": _FIRST_US + number * 1000,
            "sent_at": _FIRST_US,
            "region": draw.choice(("united-kingdom", "western-europe", "americas")),
            "source": {"run": "bench", "producer": "bench", "sequence": number},
            "event_type": draw.choice(("view", "view", "view", "cart", "purchase")),
            "user_id": f"user-{draw.randrange(_SHOPPERS)}",
            "session_id": f"session-{draw.randrange(_SHOPPERS)}",
            "product_id": f"p{draw.randrange(_PRODUCTS):05d}",
            "category": draw.choice(("kitchen", "garden", "bags", "toys")),
            "brand": draw.choice(("Alder", "Ember", None)),
            "price": draw.randrange(150, 12_000),
            "currency": draw.choice(("GBP", "EUR", "USD")),
        }
        json.dumps(event).encode()


def simulation(events: int) -> None:
    """Make so many events of the simulation."""
    if producer(["simulate", "--count", str(events), "--outlet", "null"]):
        raise SystemExit("the simulation failed")


def peak_rss_mb(events: int) -> float:
    """The most resident memory of a simulation in a process of its own."""
    line = [sys.executable, "-m", "producer", "simulate", "--outlet", "null", f"--count={events}"]
    process = subprocess.Popen(line, stderr=subprocess.DEVNULL)
    watched, peak = psutil.Process(process.pid), 0
    while process.poll() is None:
        try:
            peak = max(peak, watched.memory_info().rss)
        except psutil.NoSuchProcess:
            break
        time.sleep(_SAMPLE_SECONDS)
    if process.wait():
        raise SystemExit(f"the simulation ended with {process.returncode}")
    return round(peak / 1e6, 1)


def into_kafka(bootstrap_servers: str, events: int, folder: Path) -> dict[str, float]:
    """Events a second of one process, with a ledger and a vault of files, to the last answer."""
    line = [
        *(sys.executable, "-m", "producer", "simulate", "--json", f"--count={events}"),
        f"--bootstrap-servers={bootstrap_servers}",
        f"--vault={folder / 'vault'}",
        f"--ledger={folder / 'ledger'}",
    ]
    done = subprocess.run(line, check=True, stdout=subprocess.PIPE, text=True)
    summary = json.loads(done.stdout)
    return {
        "kafka_events": summary["acknowledged"],
        "kafka_events_per_s": round(summary["acknowledged"] / summary["seconds"]),
    }


def _cpu_seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _measure(events: int, rounds: int) -> dict[str, object]:
    few = events // 10
    times = [
        (_cpu_seconds(lambda: yardstick(few)) * 10, _cpu_seconds(lambda: simulation(events)))
        for _ in range(rounds)
    ]
    naive, ours = (statistics.median(column) for column in zip(*times, strict=True))
    return {
        "events": events,
        "rounds": rounds,
        "ratio": round(naive / ours, 2),
        "naive_events_per_cpu_s": round(events / naive),
        "events_per_cpu_s": round(events / ours),
        "best_events_per_cpu_s": round(events / min(column[1] for column in times)),
        "aim_events_per_cpu_s": AIM_PER_CPU_SECOND,
        "peak_rss_mb": peak_rss_mb(events),
        "peak_rss_mb_of_a_third": peak_rss_mb(events // 3),
        "load": load(),
        "floor_ratio": FLOOR_RATIO,
        "most_growth_mb": MOST_GROWTH_MB,
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.simulate", description=__doc__)
    parser.add_argument("--count", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--bootstrap-servers", default="")
    arguments = parser.parse_args()
    figures = _measure(arguments.count, arguments.rounds)
    if arguments.bootstrap_servers:
        with tempfile.TemporaryDirectory() as folder:
            figures |= into_kafka(arguments.bootstrap_servers, arguments.count, Path(folder))
            figures["aim_kafka_events_per_s"] = AIM_INTO_KAFKA
    path = append(
        "simulate",
        figures,
        command=["python", "-m", "bench.simulate", f"--count={arguments.count}"],
        measured_at=today(),
    )
    sys.stdout.write(json.dumps(figures, indent=2) + f"\nappended to {path}\n")
    growth = float(str(figures["peak_rss_mb"])) - float(str(figures["peak_rss_mb_of_a_third"]))
    return 0 if float(str(figures["ratio"])) >= FLOOR_RATIO and growth < MOST_GROWTH_MB else 1


if __name__ == "__main__":
    sys.exit(main())

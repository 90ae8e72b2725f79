"""Simulated shoppers, to nowhere and into Kafka: ``python -m bench.simulate``.

Into the null outlet the simulation does all of its work: visits, ids, tokens, Avro, verdicts. The
yardstick draws each event by itself, puts it into a dict and makes JSON text of it. It has no
sessions, no order lines and no tokens; its ids are made as ours are. Both run in this process, in
turns, and are compared by processor time, because the machine may be shared.

Into Kafka one process sends to a broker that is started for it on the same machine, with a ledger
and a vault of files. The clock stops at the last acknowledgement. Memory is measured in a process
of its own, at two lengths each.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.load import FIRST_US
from bench.machine import load
from bench.results import publish
from bench.stack import stack_without_spark
from bench.usage import cpu_seconds, peak_rss_mb
from contracts.events import simulated_event_id
from local.profile import read_profile
from producer.command import main as producer

FLOOR_RATIO = 4.0
MOST_GROWTH_MB = 40
AIM_PER_CPU_SECOND = 500_000
AIM_INTO_KAFKA = 100_000
_PRODUCTS, _SHOPPERS = 2_000, 200_000


def yardstick(events: int) -> None:
    """Make events one by one."""
    draw = random.Random(7)
    for number in range(events):
        event = {
            "event_id": simulated_event_id("bench", "bench", number),
            "event_time": FIRST_US + number * 1000,
            "sent_at": FIRST_US,
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
    """Make events of the simulation."""
    if producer(["simulate", "--count", str(events), "--outlet", "null"]):
        raise SystemExit("the simulation failed")


@dataclass(frozen=True)
class MeasuredSimulation:
    """A simulation in a process of its own: its summary, and what it took of the machine."""

    summary: dict[str, Any]
    cpu_seconds: float
    peak_rss_mb: float


def run(events: int, *options: str) -> MeasuredSimulation:
    """Simulate events with these options; SystemExit if that fails."""
    line = [sys.executable, "-m", "producer", "simulate", "--json", f"--count={events}", *options]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryFile() as answer:
        process = subprocess.Popen(line, stdout=answer, stderr=subprocess.DEVNULL)
        peak = peak_rss_mb(process, "simulation")
        answer.seek(0)
        summary = json.load(answer)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return MeasuredSimulation(summary, used, peak)


def into_kafka(bootstrap_servers: str, events: int, folder: Path) -> MeasuredSimulation:
    """Send one process' events into this Kafka, with all that a proof of them needs."""
    return run(
        events,
        f"--bootstrap-servers={bootstrap_servers}",
        f"--vault={folder / 'vault'}",
        f"--ledger={folder / 'ledger'}",
    )


def _to_nowhere(events: int, rounds: int) -> dict[str, float]:
    few = events // 10
    times = [
        (cpu_seconds(lambda: yardstick(few)) * 10, cpu_seconds(lambda: simulation(events)))
        for _ in range(rounds)
    ]
    naive, ours = (statistics.median(column) for column in zip(*times, strict=True))
    return {
        "ratio": round(naive / ours, 2),
        "naive_events_per_cpu_s": round(events / naive),
        "events_per_cpu_s": round(events / ours),
        "best_events_per_cpu_s": round(events / min(column[1] for column in times)),
        "cpu_us_per_event": round(ours / events * 1e6, 2),
        "peak_rss_mb": run(events, "--outlet=null").peak_rss_mb,
        "peak_rss_mb_of_a_third": run(events // 3, "--outlet=null").peak_rss_mb,
        "load": load(),
    }


def _to_kafka(events: int, rounds: int) -> dict[str, float]:
    """Send rounds of a third of the events, then all of them; every run has a rate."""
    with stack_without_spark() as home:
        profile = read_profile(home)
        assert profile is not None
        *thirds, whole = (
            into_kafka(profile.bootstrap_servers, count, home.root / f"bench-{number}")
            for number, count in enumerate([events // 3] * rounds + [events])
        )
    rates = [run.summary["acknowledged"] / run.summary["seconds"] for run in (*thirds, whole)]
    return {
        "kafka_events_per_s": round(statistics.median(rates)),
        "best_kafka_events_per_s": round(max(rates)),
        "kafka_cpu_us_per_event": round(whole.cpu_seconds / events * 1e6, 2),
        "kafka_peak_rss_mb": whole.peak_rss_mb,
        "kafka_peak_rss_mb_of_a_third": thirds[0].peak_rss_mb,
        "kafka_load": load(),
    }


def _flat(figures: Mapping[str, float]) -> bool:
    """Whether three times the events took hardly more memory."""
    return all(
        figures[f"{name}peak_rss_mb"] - figures[f"{name}peak_rss_mb_of_a_third"] < MOST_GROWTH_MB
        for name in ("", "kafka_")
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.simulate", description=__doc__)
    parser.add_argument("--count", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    figures = {
        "events": given.count,
        "rounds": given.rounds,
        **_to_nowhere(given.count, given.rounds),
        **_to_kafka(given.count, given.rounds),
        "floor_ratio": FLOOR_RATIO,
        "aim_events_per_cpu_s": AIM_PER_CPU_SECOND,
        "aim_kafka_events_per_s": AIM_INTO_KAFKA,
        "most_growth_mb": MOST_GROWTH_MB,
    }
    publish("simulate", figures, f"--count={given.count}")
    return 0 if figures["ratio"] >= FLOOR_RATIO and _flat(figures) else 1


if __name__ == "__main__":
    sys.exit(main())

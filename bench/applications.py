"""Each application alone on a loaded topic, against plain Spark that reads the same topic to
nowhere: ``python -m bench.applications``.

The events are those of `shopstream simulate`, one in a hundred sent twice. The yardstick and the
application take turns, each in a process of its own. The ratio is that of the median rows per
second of warm batches.
"""

from __future__ import annotations

import argparse
import sys

from bench.loaded_stack import BATCH, LoadedStack, Measured
from bench.machine import load
from bench.results import publish
from bench.stack import shopstream, stack_without_spark
from contracts.applications import APPLICATIONS

# Floors of the ratio; `orders` has a benchmark of its own.
FLOORS = {"clicks": 0.25, "ingest": 0.2}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_500_000, help="events to send")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--batch", type=int, default=BATCH, help="records per batch")
    parser.add_argument("--application", choices=sorted(FLOORS), action="append")
    given = parser.parse_args()
    reached = True
    with stack_without_spark() as home:
        stack = LoadedStack(home)
        shopstream(str(home.root), "simulate", f"--count={given.count}", "--duplicates=1%")
        for name in given.application or sorted(FLOORS):
            figures = _compared(stack, name, given.rounds, given.batch)
            publish("applications", figures, *sys.argv[1:])
            reached = reached and bool(figures["reached"])
    return 0 if reached else 1


def _compared(stack: LoadedStack, name: str, rounds: int, batch: int) -> dict[str, object]:
    (topics,) = ([topic.name for topic in app.reads] for app in APPLICATIONS if app.name == name)
    noop, ours = Measured(), Measured()
    for _ in range(rounds):
        noop.add(stack.noop(topics, batch))
        ours.add(stack.application(name, topics, batch))
    ratio = ours.median / noop.median
    return {
        "application": name,
        "rows_per_second": round(ours.median),
        "noop_rows_per_second": round(noop.median),
        "ratio": round(ratio, 3),
        "floor": FLOORS[name],
        "reached": ratio >= FLOORS[name],
        "cpu_microseconds_per_event": ours.cpu_us_per_event(),
        "noop_cpu_microseconds_per_event": noop.cpu_us_per_event(),
        "resident_gib": round(ours.rss_gib, 2),
        "batch": batch,
        "batches": len(ours.rates),
        "rounds": rounds,
        "load_at_end": load(),
    }


if __name__ == "__main__":
    sys.exit(main())

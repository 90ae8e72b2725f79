"""Each application alone on a loaded topic, against plain Spark that reads the same topic to
nowhere: ``python -m bench.applications``.

`orders` reads orders of one line; the others read the events of `shopstream simulate`, one in a
hundred sent twice. The yardstick and the application take turns, each in a process of its own. The
ratio is that of the median rows per second of warm batches. Of `orders` the seconds of a batch in
which every order is known are measured, too.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass

from bench.load import OrderSender
from bench.loaded_stack import BATCH, LoadedStack, Measured
from bench.machine import load
from bench.results import publish
from bench.stack import shopstream, stack_without_spark
from contracts.applications import CLICK_ANSWERS, INGEST, ORDER_ANSWERS, Application

MOST_EMPTY_SECONDS = 0.6
_WARM_KNOWN = 10
_KNOWN = 15
_EVENTS = 1_400_000


@dataclass(frozen=True)
class Measurement:
    """What an application reads, the least ratio that is accepted, and the one that is wanted."""

    application: Application
    floor: float
    aim: float
    send: Callable[[LoadedStack, int], None]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=_EVENTS, help="events to send")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--batch", type=int, default=BATCH, help="records per batch")
    parser.add_argument("--application", choices=sorted(MEASUREMENTS), action="append")
    given = parser.parse_args()
    reached = True
    for name in given.application or sorted(MEASUREMENTS):
        with stack_without_spark() as home:
            stack = LoadedStack(home)
            MEASUREMENTS[name].send(stack, given.count)
            figures = _compared(stack, MEASUREMENTS[name], given.rounds, given.batch)
        publish("applications", figures, *sys.argv[1:])
        reached = reached and bool(figures["reached"])
    return 0 if reached else 1


def _orders(stack: LoadedStack, count: int) -> None:
    OrderSender(stack.bootstrap).send(range(count))


def _shoppers(stack: LoadedStack, count: int) -> None:
    shopstream(str(stack.home.root), "simulate", f"--count={count}", "--duplicates=1%")


# docs/adr/0011-monotone-fraud-rules.md says what stands in the way of more for `orders`.
MEASUREMENTS = {
    each.application.name: each
    for each in (
        Measurement(ORDER_ANSWERS, 0.2, 0.4, _orders),
        Measurement(CLICK_ANSWERS, 0.25, 0.4, _shoppers),
        Measurement(INGEST, 0.2, 0.35, _shoppers),
    )
}


def _compared(
    stack: LoadedStack, measurement: Measurement, rounds: int, batch: int
) -> dict[str, object]:
    name = measurement.application.name
    topics = [topic.name for topic in measurement.application.reads]
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
        "floor": measurement.floor,
        "aim": measurement.aim,
        "reached": ratio >= measurement.floor,
        **(_without_news(stack) if name == ORDER_ANSWERS.name else {}),
        "cpu_microseconds_per_event": ours.cpu_us_per_event(),
        "noop_cpu_microseconds_per_event": noop.cpu_us_per_event(),
        "resident_gib": round(ours.rss_gib, 2),
        "batch": batch,
        "batches": len(ours.rates),
        "rounds": rounds,
        "load_at_end": load(),
    }


def _without_news(stack: LoadedStack) -> dict[str, object]:
    """The median seconds of a batch that holds one order, which is known, and the most allowed."""
    sender, seconds = OrderSender(stack.bootstrap), []
    process = stack.started(ORDER_ANSWERS.name)
    told = stack.batches(process)
    for number in range(_WARM_KNOWN + _KNOWN):
        sender.send(range(number, number + 1))
        seconds.append(next(told)[1])
    process.terminate()
    process.wait(timeout=60)
    return {
        "batch_without_news_seconds": round(statistics.median(seconds[_WARM_KNOWN:]), 3),
        "most_batch_without_news_seconds": MOST_EMPTY_SECONDS,
    }


if __name__ == "__main__":
    sys.exit(main())

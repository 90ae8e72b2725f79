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
from contracts.applications import APPLICATIONS, ORDER_ANSWERS
from local.home import Home

_WARM_KNOWN = 10
_KNOWN = 15
_EVENTS = 1_400_000


@dataclass(frozen=True)
class Measurement:
    """What an application reads, and the least ratio that is accepted."""

    floor: float
    send: Callable[[Home, int], None]


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
            MEASUREMENTS[name].send(home, given.count)
            figures = _compared(LoadedStack(home), name, given.rounds, given.batch)
        publish("applications", figures, *sys.argv[1:])
        reached = reached and bool(figures["reached"])
    return 0 if reached else 1


def _orders(home: Home, count: int) -> None:
    OrderSender(LoadedStack(home).bootstrap).send(range(count))


def _shoppers(home: Home, count: int) -> None:
    shopstream(str(home.root), "simulate", f"--count={count}", "--duplicates=1%")


# docs/adr/0011-monotone-fraud-rules.md says what stands in the way of more for `orders`.
MEASUREMENTS = {
    ORDER_ANSWERS.name: Measurement(0.2, _orders),
    "clicks": Measurement(0.25, _shoppers),
    "ingest": Measurement(0.2, _shoppers),
}


def _compared(stack: LoadedStack, name: str, rounds: int, batch: int) -> dict[str, object]:
    (topics,) = ([topic.name for topic in app.reads] for app in APPLICATIONS if app.name == name)
    floor = MEASUREMENTS[name].floor
    noop, ours = Measured(), Measured()
    for _ in range(rounds):
        noop.add(stack.noop(topics, batch))
        ours.add(stack.application(name, topics, batch))
    ratio = ours.median / noop.median
    known = {"batch_without_news_seconds": _known(stack)} if name == ORDER_ANSWERS.name else {}
    return {
        "application": name,
        "rows_per_second": round(ours.median),
        "noop_rows_per_second": round(noop.median),
        "ratio": round(ratio, 3),
        "floor": floor,
        "reached": ratio >= floor,
        **known,
        "cpu_microseconds_per_event": ours.cpu_us_per_event(),
        "noop_cpu_microseconds_per_event": noop.cpu_us_per_event(),
        "resident_gib": round(ours.rss_gib, 2),
        "batch": batch,
        "batches": len(ours.rates),
        "rounds": rounds,
        "load_at_end": load(),
    }


def _known(stack: LoadedStack) -> float:
    """The median seconds of a batch that holds one order, which is known."""
    sender, seconds = OrderSender(stack.bootstrap), []
    process = stack.started(ORDER_ANSWERS.name)
    told = stack.batches(process)
    for number in range(_WARM_KNOWN + _KNOWN):
        sender.send(range(number, number + 1))
        seconds.append(next(told)[1])
    process.terminate()
    process.wait(timeout=60)
    return round(statistics.median(seconds[_WARM_KNOWN:]), 3)


if __name__ == "__main__":
    sys.exit(main())

"""`orders` on one-line orders against plain Spark that reads them to nowhere: ``python -m
bench.orders``.

Both read the same pre-loaded topic in batches of equal size, in turns, each in a process of its
own. The ratio is that of the median rows per second of warm batches. Also measured: the time of a
batch in which every order is known, the memory of the stack, and the processor time per event by
process.
"""

from __future__ import annotations

import argparse
import statistics
import sys

from bench.load import OrderSender
from bench.loaded_stack import LoadedStack, Measured
from bench.machine import load
from bench.results import publish
from bench.stack import stack_without_spark
from contracts.applications import ORDER_ANSWERS
from contracts.topics import ORDERS

# docs/adr/0011-monotone-fraud-rules.md says what stands in the way of more.
FLOOR_RATIO = 0.2
AIM_RATIO = 0.4
MOST_EMPTY_SECONDS = 0.6
_WARM_KNOWN = 10
_KNOWN = 15


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_400_000)
    parser.add_argument("--rounds", type=int, default=2)
    given = parser.parse_args()
    with stack_without_spark() as home:
        figures = _compared(LoadedStack(home), given.rows, given.rounds)
    publish("orders", figures, *sys.argv[1:])
    return 0 if figures["reached"] else 1


def _compared(stack: LoadedStack, rows: int, rounds: int) -> dict[str, object]:
    OrderSender(stack.bootstrap).send(range(rows))
    noop, orders = Measured(), Measured()
    for _ in range(rounds):
        noop.add(stack.noop([ORDERS.name]))
        orders.add(stack.application(ORDER_ANSWERS.name, [ORDERS.name]))
    known = _known(stack)
    ratio = orders.median / noop.median
    return {
        "orders_rows_per_second": round(orders.median),
        "noop_rows_per_second": round(noop.median),
        "ratio": round(ratio, 3),
        "floor": FLOOR_RATIO,
        "aim": AIM_RATIO,
        "reached": ratio >= FLOOR_RATIO,
        "batch_without_news_seconds": known,
        "most_batch_without_news_seconds": MOST_EMPTY_SECONDS,
        "cpu_microseconds_per_event": orders.cpu_us_per_event(),
        "orders_stack_resident_gib": round(orders.rss_gib, 2),
        "rows": rows,
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

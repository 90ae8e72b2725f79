"""Try the exactly-once kernel under schedules of faults, each drawn from a seed.

Without options 10,000 seeds are tried on all processors. The exit code is 1 if one fails; its
schedule is shrunk to the smallest that still fails, and printed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

from tests.simulation.driver import Kernel
from tests.simulation.exploring import Failure, explore_in_parallel, shrunk, tried
from tests.simulation.schedule import drawn


def _at_least(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if int(text) < least:
            raise argparse.ArgumentTypeError(f"must be at least {least}")
        return int(text)

    return number


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--seed", type=_at_least(0), metavar="N", help="repeat one, step by step")
    which.add_argument(
        "--seeds",
        type=_at_least(1),
        default=10_000,
        metavar="N",
        help="how many to try (default 10000)",
    )
    parser.add_argument(
        "--first", type=_at_least(0), default=0, metavar="N", help="the first of them (default 0)"
    )
    given = parser.parse_args()
    if given.seed is not None:
        return _repeat(given.seed)
    return _explore(given.first, given.seeds)


def _say(line: object) -> None:
    print(line, flush=True)  # noqa: T201 - a command's output


def _repeat(seed: int) -> int:
    schedule = drawn(seed)
    reason = tried(schedule, Kernel(), _say)[1]
    if not reason:
        _say(f"seed {seed}: no failure")
        return 0
    _say(f"seed {seed} fails: {reason}\nThe schedule is shrunk ...")
    _say(shrunk(Failure(seed, schedule, reason), Kernel()))
    return 1


def _explore(first: int, seeds: int) -> int:
    started = time.monotonic()
    said = started
    for total in explore_in_parallel(first, seeds):
        now = time.monotonic()
        rate = total.seeds / (now - started)
        if now - said > 5:
            said = now
            _say(f"{total.seeds} of {seeds} seeds, {rate:.0f} per second")
    for name, times in sorted(total.visited.items()):
        _say(f"{times:>10}  {name}")
    if total.failure:
        _say(total.failure)
        return 1
    _say(f"no failure in {total.seeds} seeds, {rate:.0f} per second")
    return 0


if __name__ == "__main__":
    sys.exit(main())

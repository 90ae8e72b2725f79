"""``python -m tests.simulation``: try one seed, or very many."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time

from tests.simulation.exploring import Explored, block, explore
from tests.simulation.schedule import drawn

_BLOCK = 500


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="repeat one, and show its schedule")
    parser.add_argument("--seeds", type=int, default=10_000, help="try as many")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    given = parser.parse_args()
    if given.seed is not None:
        return _repeat(given.seed)
    started = time.monotonic()
    total = Explored()
    with multiprocessing.Pool(os.cpu_count()) as pool:
        last = given.first + given.seeds
        blocks = [range(at, min(at + _BLOCK, last)) for at in range(given.first, last, _BLOCK)]
        for explored in pool.imap_unordered(block, blocks):
            total.add(explored)
            rate = total.seeds / (time.monotonic() - started)
            print(f"{total.seeds} seeds, {rate:.0f} per second", flush=True)  # noqa: T201
            if total.failure is not None:
                print(total.failure)  # noqa: T201 - a command's output
                return 1
    for name, times in sorted(total.visited.items()):
        print(f"{times:>10}  {name}")  # noqa: T201 - a command's output
    print(f"no failure in {total.seeds} seeds, {rate:.0f} per second")  # noqa: T201
    return 0


def _repeat(seed: int) -> int:
    for last in explore([seed]):
        print(last.failure or f"seed {seed}: no failure")  # noqa: T201 - a command's output
        if last.failure is None:
            for number, step in enumerate(drawn(seed), 1):
                print(f"  {number}. {step}")  # noqa: T201 - a command's output
        return last.failure is not None
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""``python -m tests.simulation``: try one seed, or very many."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter, deque

from tests.simulation.exploring import Explored, explore
from tests.simulation.schedule import drawn

_BLOCK = 500


def _block(first: int) -> Explored:
    return deque(explore(range(first, first + _BLOCK)), maxlen=1).pop()


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="repeat one, and show its schedule")
    parser.add_argument("--seeds", type=int, default=10_000, help="try as many")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    given = parser.parse_args()
    if given.seed is not None:
        return _repeat(given.seed)
    started = time.monotonic()
    seeds, visited = 0, Counter[str]()
    with multiprocessing.Pool(os.cpu_count()) as pool:
        firsts = range(given.first, given.first + given.seeds, _BLOCK)
        for explored in pool.imap_unordered(_block, firsts):
            seeds += explored.seeds
            visited.update(explored.visited)
            if explored.failure is not None:
                print(explored.failure)  # noqa: T201 - a command's output
                return 1
            if seeds % 10_000 == 0:
                rate = seeds / (time.monotonic() - started)
                print(f"{seeds} seeds, {rate:.0f} per second", flush=True)  # noqa: T201
    rate = seeds / (time.monotonic() - started)
    for name, times in sorted(visited.items()):
        print(f"{times:>10}  {name}")  # noqa: T201 - a command's output
    print(f"no failure in {seeds} seeds, {rate:.0f} per second")  # noqa: T201
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

"""Many seeds, each with its schedule; and of one that fails the smallest schedule that does."""

from __future__ import annotations

import multiprocessing
import os
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.pool import Pool

from tests.simulation.auditor import Violation
from tests.simulation.driver import Kernel
from tests.simulation.schedule import Step, drawn, smaller
from tests.simulation.world import World

# Seeds that one process tries before it tells of them.
_BLOCK = 250


@dataclass
class Failure:
    """A seed, and the smallest schedule found that fails."""

    seed: int
    schedule: tuple[Step, ...]
    reason: str

    def __str__(self) -> str:
        steps = "\n".join(f"  {number}. {step}" for number, step in enumerate(self.schedule, 1))
        return f"seed {self.seed}: {self.reason}\n{steps}\n{self.again}"

    @property
    def again(self) -> str:
        return f"again: python -m tests.simulation --seed {self.seed}"


@dataclass
class Explored:
    """What a run over seeds came past."""

    seeds: int = 0
    least_steps: int = 1 << 30
    least_batches: int = 1 << 30
    visited: Counter[str] = field(default_factory=Counter)
    failure: Failure | None = None

    def add(self, other: Explored) -> None:
        """Count what another run came past too."""
        self.seeds += other.seeds
        self.least_steps = min(self.least_steps, other.least_steps)
        self.least_batches = min(self.least_batches, other.least_batches)
        self.visited.update(other.visited)
        self.failure = self.failure or other.failure


def tried(
    schedule: Sequence[Step], kernel: Kernel, tell: Callable[[str], object] | None = None
) -> tuple[World, str]:
    """The world after the schedule, and why it failed; "" if it did not."""
    world = World(schedule, kernel, tell)
    try:
        world.run()
    except Violation as broken:
        return world, str(broken)
    except BrokenPipeError:
        raise  # Nobody reads what is told.
    except Exception as error:  # noqa: BLE001 - whatever the kernel raises unasked is a finding
        last = traceback.extract_tb(error.__traceback__)[-1]
        return world, f"{type(error).__name__}: {error} ({last.filename}:{last.lineno})"
    return world, ""


def shrunk(failure: Failure, kernel: Kernel) -> Failure:
    """The smallest schedule to be found that still fails."""
    schedule, reason = failure.schedule, failure.reason
    found = True
    while found:
        found = False
        for candidate in smaller(schedule):
            why = tried(candidate, kernel)[1]
            if why:
                schedule, reason, found = candidate, why, True
                break
    return Failure(failure.seed, schedule, reason)


def explore(
    seeds: Iterable[int],
    kernel: Kernel | None = None,
    *,
    focus: int | None = None,
    shrink: bool = True,
) -> Explored:
    """Try the seeds, up to the first that fails. `focus` is as in `drawn`."""
    kernel = kernel or Kernel()
    explored = Explored()
    for seed in seeds:
        schedule = drawn(seed, focus)
        world, reason = tried(schedule, kernel)
        explored.seeds += 1
        explored.visited.update(world.visited)
        explored.least_steps = min(explored.least_steps, len(schedule))
        explored.least_batches = min(explored.least_batches, world.visited["batch-started"])
        if reason:
            failure = Failure(seed, schedule, reason)
            explored.failure = shrunk(failure, kernel) if shrink else failure
            break
    return explored


def processes() -> Pool:
    """A process per processor. Each starts anew: a fork of a process that has threads may hang."""
    return multiprocessing.get_context("spawn").Pool(os.cpu_count())


def explore_in_parallel(first: int, seeds: int) -> Iterator[Explored]:
    """Try the seeds on all processors, up to a failure; yields the sum after each block."""
    last = first + seeds
    blocks = [range(at, min(at + _BLOCK, last)) for at in range(first, last, _BLOCK)]
    total = Explored()
    with processes() as pool:
        for part in pool.imap_unordered(explore, blocks):
            total.add(part)
            yield total
            if total.failure:
                return

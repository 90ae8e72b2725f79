"""The gate's run: many seeds, none fails, and everything that can happen has happened often."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import ProcessPoolExecutor

import pytest

from emr_jobs.kernel.crash_points import CRASH_POINTS
from tests.simulation.exploring import Explored, block, explore
from tests.simulation.mutants import MUTANTS
from tests.simulation.schedule import HAPPENINGS, KINDS, drawn

SEEDS = 10_000
OFTEN = 100
# What follows from what happens.
CONSEQUENCES = ("superseded", "driver refused", "Conflict", "Gap", "TopicReplaced", "StoreDown")
LEAST_STEPS, LEAST_BATCHES = 30, 5


@pytest.fixture(scope="module")
def explored() -> Explored:
    """All seeds, over all processors."""
    total = Explored()
    blocks = [range(first, first + 500) for first in range(0, SEEDS, 500)]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for part in pool.map(block, blocks):
            total.add(part)
    return total


def test_no_schedule_breaks_a_promise(explored: Explored) -> None:
    assert explored.failure is None, str(explored.failure)
    assert explored.seeds == SEEDS


def test_a_schedule_is_long_enough_to_matter(explored: Explored) -> None:
    assert min(len(drawn(seed)) for seed in range(500)) >= LEAST_STEPS
    assert explored.least_batches >= LEAST_BATCHES


@pytest.mark.parametrize("name", [*CRASH_POINTS, *KINDS, *CONSEQUENCES])
def test_everything_that_can_happen_does(explored: Explored, name: str) -> None:
    assert explored.visited[name] >= OFTEN


@pytest.mark.parametrize("point", CRASH_POINTS)
def test_drivers_die_and_freeze_at_every_crash_point(explored: Explored, point: str) -> None:
    assert explored.visited[f"dies at {point}"] >= OFTEN
    assert explored.visited[f"freezes at {point}"] >= OFTEN


@pytest.mark.parametrize("happening", HAPPENINGS)
def test_drivers_are_interrupted_between_calls(explored: Explored, happening: str) -> None:
    assert explored.visited[f"{happening} between calls"] >= OFTEN


@pytest.mark.parametrize("name", MUTANTS)
def test_each_broken_heart_is_found(name: str) -> None:
    last = deque(explore(range(SEEDS), MUTANTS[name], shrink=False), maxlen=1).pop()
    print(f"{name}: {last.seeds} seeds")  # noqa: T201 - what the simulator is worth
    assert last.failure is not None

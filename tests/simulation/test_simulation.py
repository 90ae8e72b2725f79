"""The gate's run: many seeds, none fails, and everything that can happen has happened often."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from emr_jobs.kernel.crash_points import CRASH_POINTS
from tests.simulation.exploring import Explored, explore, explore_in_parallel, processes
from tests.simulation.mutants import FOCUS, SEARCHED
from tests.simulation.schedule import HAPPENINGS, KINDS

SEEDS = 10_000
OFTEN = 100
LEAST_STEPS, LEAST_BATCHES = 30, 5
# What follows from what happens.
CONSEQUENCES = (
    "batch shown again, covered: whole",
    "batch shown again, covered: part",
    "copy across batches",
    "copy across partitions",
    "DriverRefused",
    "Superseded",
    "Conflict",
    "Gap",
    "TopicReplaced",
    "transaction ended",
)


@pytest.fixture(scope="module")
def explored() -> Explored:
    """All seeds, over all processors."""
    started = time.monotonic()
    for total in explore_in_parallel(0, SEEDS):
        found = total
    rate = found.seeds / (time.monotonic() - started)
    print(f"{found.seeds} seeds, {rate:.0f} per second")  # noqa: T201 - what the gate waits for
    return found


def test_no_schedule_breaks_a_promise(explored: Explored) -> None:
    assert explored.failure is None, str(explored.failure)
    assert explored.seeds == SEEDS


def test_a_schedule_is_long_enough_to_matter(explored: Explored) -> None:
    assert explored.least_steps >= LEAST_STEPS
    assert explored.least_batches >= LEAST_BATCHES


@pytest.mark.parametrize("name", [*CRASH_POINTS, *KINDS, *CONSEQUENCES])
def test_everything_that_can_happen_does(explored: Explored, name: str) -> None:
    assert explored.visited[name] >= OFTEN


@pytest.mark.parametrize("happening", ["dies", "freezes", "hangs"])
@pytest.mark.parametrize("point", CRASH_POINTS)
def test_drivers_are_interrupted_at_every_crash_point(
    explored: Explored, point: str, happening: str
) -> None:
    assert explored.visited[f"{happening} at {point}"] >= OFTEN


@pytest.mark.parametrize("happening", HAPPENINGS)
def test_drivers_are_interrupted_between_calls(explored: Explored, happening: str) -> None:
    assert explored.visited[f"{happening} between calls"] >= OFTEN


def _search(name: str) -> tuple[str, Explored]:
    return name, explore(range(SEEDS), SEARCHED[name], focus=FOCUS.get(name), shrink=False)


@pytest.fixture(scope="module")
def searched() -> Iterator[dict[str, Explored]]:
    """Each mutant under the seeds in order, up to the first that finds it."""
    with processes() as pool:
        yield dict(pool.imap_unordered(_search, SEARCHED))


@pytest.mark.parametrize("name", SEARCHED)
def test_each_broken_heart_is_found(searched: dict[str, Explored], name: str) -> None:
    found = searched[name]
    print(f"{name}: {found.seeds} seeds")  # noqa: T201 - what the simulator is worth
    assert found.failure is not None


def test_a_failure_tells_its_seed_and_a_small_schedule() -> None:
    failure = explore(range(100), SEARCHED["marker outside the transaction"]).failure
    assert failure is not None
    assert len(failure.schedule) < LEAST_STEPS // 2
    assert str(failure).startswith(f"seed {failure.seed}: ")
    assert str(failure).endswith(f"again: python -m tests.simulation --seed {failure.seed}")


def test_a_seed_is_repeated_step_by_step() -> None:
    command = [sys.executable, "-m", "tests.simulation", "--seed", "7"]
    told = [subprocess.run(command, capture_output=True, text=True) for _ in range(2)]  # noqa: PLW1510 - our own module; its exit code is asserted
    assert told[0].stdout == told[1].stdout
    assert "1. produce (application 0" in told[0].stdout
    assert told[0].stdout.endswith("seed 7: no failure\n")
    assert told[0].returncode == 0


@pytest.mark.parametrize(
    "words",
    [("--seeds", "0"), ("--seeds", "-3"), ("--seed", "-7"), ("--seed", "7", "--seeds", "5")],
)
def test_a_command_line_that_asks_for_nothing_is_refused(words: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "tests.simulation", *words]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 2

"""A schedule: what happens to a shop and to the drivers of its applications, drawn from a seed.

Each step can be carried out in any state, so a schedule from which steps are taken is one too.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from emr_jobs.kernel.crash_points import CRASH_POINTS, CrashPoint

Kind = Literal[
    "produce",
    "copies",
    "batch",
    "start",
    "take over",
    "checkpoint deleted",
    "partition added",
    "topic made again",
    "retention",
    "offsets lost",
    "deploy",
    "compaction",
    "an hour passes",
]
Happening = Literal["dies", "times out", "answer lost", "freezes", "hangs"]
KINDS: tuple[Kind, ...] = get_args(Kind)
HAPPENINGS: tuple[Happening, ...] = get_args(Happening)

# After the beginning.
STEPS = 22
_WEIGHTS: dict[Kind, int] = {
    "produce": 26,
    "copies": 12,
    "batch": 62,
    "start": 12,
    "take over": 9,
    "checkpoint deleted": 7,
    "partition added": 4,
    "topic made again": 2,
    "retention": 3,
    "offsets lost": 2,
    "deploy": 3,
    "compaction": 4,
    "an hour passes": 6,
}
_LIKELY = tuple(_WEIGHTS[kind] for kind in KINDS)
# Most calls that one batch makes, and then some.
_CALLS = 34
# What the batches come past by application: only ingest, the first, commits to the lake.
_POINTS: tuple[tuple[CrashPoint, ...], ...] = (
    (*CRASH_POINTS, "bronze-committed", "lake-committed"),
    *[("batch-started", "merge-open", "progress-committed")] * 2,
)


@dataclass(frozen=True)
class Interruption:
    """What happens to a driver in a batch, or as it begins: at a crash point, or at its n-th call
    of a store. While it freezes or hangs, the next `steps` of the schedule happen."""

    happening: Happening
    at: CrashPoint | int
    steps: int = 0


@dataclass(frozen=True)
class Step:
    """`application` is an index; `draw` is what a step's own choices are drawn from."""

    kind: Kind
    application: int
    draw: int
    interruption: Interruption | None = None

    def __str__(self) -> str:
        said = f"{self.kind} (application {self.application}, draw {self.draw})"
        if self.interruption is None:
            return said
        what = self.interruption
        wakes = f", wakes {what.steps} steps later" if what.steps else ""
        return f"{said}: {what.happening} at {what.at}{wakes}"


# Every application has read something before the first thing happens to it.
_BEGINNING = tuple(
    Step(kind, application, draw)
    for draw in (1, 2)
    for kind, application in (
        ("produce", 0),
        ("produce", 1),
        ("batch", 0),
        ("batch", 1),
        ("batch", 2),
    )
)


def drawn(seed: int, focus: int | None = None) -> tuple[Step, ...]:
    """The schedule of a seed, in which most of what happens may happen to a given application."""
    chance = random.Random(seed)
    kinds = chance.choices(KINDS, _LIKELY, k=STEPS)
    # Much of what happens, happens to one application: else its drivers seldom meet.
    (any_focus,) = chance.choices(range(3), (4, 3, 3))
    focus = any_focus if focus is None else focus
    steps = list(_BEGINNING)
    for kind in kinds:
        steps.append(_step(kind, focus, chance))
        if steps[-1].interruption is not None and steps[-1].interruption.steps:
            steps += _succession(steps[-1].application, chance)
    return tuple(steps)


def _succession(application: int, chance: random.Random) -> list[Step]:
    """Another driver goes on while the first one is not heard of."""
    kinds: list[Kind] = ["take over", "batch", "batch", "batch"]
    taken = kinds[: chance.choice((0, 2, 3, 4))]
    return [Step(kind, application, chance.randrange(1 << 30)) for kind in taken]


def _step(kind: Kind, focus: int, chance: random.Random) -> Step:
    application = focus if chance.random() < 0.6 else chance.randrange(3)
    interruption = None
    likely = {"batch": 0.55, "start": 0.25, "take over": 0.25}.get(kind, 0.0)
    if chance.random() < likely:
        interruption = _interruption(kind, application, chance)
    return Step(kind, application, chance.randrange(1 << 30), interruption)


def _interruption(kind: Kind, application: int, chance: random.Random) -> Interruption:
    happening = chance.choices(HAPPENINGS, (34, 10, 14, 22, 20))[0]
    at: CrashPoint | int = chance.randrange(_CALLS if kind == "batch" else 14)
    if kind == "batch" and happening not in ("times out", "answer lost") and chance.random() < 0.55:
        at = chance.choice(_POINTS[application])
    steps = chance.randint(1, 9) if happening in ("freezes", "hangs") else 0
    return Interruption(happening, at, steps)


def smaller(schedule: Sequence[Step]) -> Iterator[tuple[Step, ...]]:
    """Schedules that are a little simpler: without a run of steps, or an interruption."""
    size = len(schedule)
    length = size // 2
    while length:
        for start in range(0, size, length):
            yield (*schedule[:start], *schedule[start + length :])
        length //= 2
    for index, step in enumerate(schedule):
        if step.interruption is not None:
            calm = replace(step, interruption=None)
            yield (*schedule[:index], calm, *schedule[index + 1 :])

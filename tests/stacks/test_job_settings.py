"""A job's setting that changes: what is deployed anew, and how many drivers there are after it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cdk.settings import Compute, EnvironmentSettings, settings
from contracts.applications import APPLICATIONS
from contracts.aws.job_plan import JobPlan
from contracts.aws.spark_submit import Sizes
from lambdas.job_controller.logic import HANDOVER, Start, Stop, decide, is_settled
from lambdas.job_controller.runs import JobRun
from tests.stacks.job_plans import plan
from tests.stacks.templates import synthesized, texts_of

COMPUTE: tuple[Compute, ...] = ("ec2", "serverless")
# All that a job's setting may change: nothing that holds data, runs a job or lets anybody in.
CHANGES = {"AWS::Lambda::Function", "Custom::Applications"}
# A batch is late by its trigger.
WATCHING = {"AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard"}
NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
NAMES = [app.name for app in APPLICATIONS]

each_compute = pytest.mark.parametrize("compute", COMPUTE)


def before(compute: Compute) -> EnvironmentSettings:
    return replace(settings("staging"), compute=compute)


def faster(chosen: EnvironmentSettings) -> EnvironmentSettings:
    """Every application, each a second sooner."""
    return replace(chosen, triggers=tuple((name, s - 1) for name, s in chosen.triggers))


def larger(chosen: EnvironmentSettings) -> EnvironmentSettings:
    return replace(chosen, sizes=tuple((name, Sizes(executors=3)) for name, _ in chosen.sizes))


def changed(old: dict[str, str], new: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    """(stack, logical id, type) of every resource that is not what it was."""
    assert old.keys() == new.keys()
    for stack, text in old.items():
        was, now = (json.loads(each)["Resources"] for each in (text, new[stack]))
        for logical_id in was.keys() | now.keys():
            if was.get(logical_id) != now.get(logical_id):
                found = now.get(logical_id) or was[logical_id]
                yield stack, logical_id, found["Type"]


@pytest.mark.parametrize("change", [faster, larger], ids=["a trigger", "sizes"])
@each_compute
def test_it_touches_the_controller_alone(compute: Compute, change: object) -> None:
    assert callable(change)
    old, new = texts_of(before(compute)), texts_of(change(before(compute)))
    touched = list(changed(old, new))
    processing = [kind for stack, _, kind in touched if stack == "processing"]
    # The controller, who says that it has arrived, and the deployment's step.
    assert (set(processing), len(processing)) == (CHANGES, 3)
    watching = {kind for stack, _, kind in touched if stack == "observability"}
    assert watching <= WATCHING
    assert {stack for stack, _, _ in touched} <= {"processing", "observability"}


def fingerprints(of: JobPlan) -> dict[str, str]:
    return {name: each.fingerprint for name, each in of.submissions().items()}


@each_compute
def test_the_successor_takes_over_and_one_driver_is_left(compute: Compute) -> None:
    chosen = before(compute)
    old, new = (fingerprints(plan(texts_of(each))) for each in (chosen, faster(chosen)))
    for name in NAMES:
        runs: list[JobRun] = []
        runs += _started(decide(name, old[name], runs, NOW), NOW)
        assert is_settled(name, old[name], runs)
        (begun,) = decide(name, new[name], runs, NOW)
        assert isinstance(begun, Start)
        assert begun.take_over
        runs += _started([begun], NOW)
        assert not is_settled(name, new[name], runs), "the older one is still there"
        later = NOW + HANDOVER
        assert decide(name, new[name], runs, later) == [Stop(runs[0])]
        assert is_settled(name, new[name], runs[1:])
        assert decide(name, new[name], runs[1:], later + timedelta(days=1)) == []


@each_compute
def test_the_same_settings_start_nothing(compute: Compute) -> None:
    first = fingerprints(plan(texts_of(before(compute))))
    second = fingerprints(plan(synthesized(before(compute))))
    for name in NAMES:
        runs = _started(decide(name, first[name], [], NOW), NOW)
        assert decide(name, second[name], runs, NOW + HANDOVER) == []


def _started(actions: object, at: datetime) -> list[JobRun]:
    assert isinstance(actions, list)
    return [JobRun(str(each.name), each.name, "running", at) for each in actions]

"""An environment as its templates describe it: what would be deployed is what is priced."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from contracts.applications import APPLICATIONS
from contracts.aws.job_plan import JobPlan
from contracts.aws.spark_submit import Sizes

# What CloudFormation fills in when it deploys; nothing here is priced by such a value.
_UNKNOWN = "?"


@dataclass(frozen=True)
class Resource:
    """One resource of a template."""

    logical_id: str
    type: str
    properties: Mapping[str, Any]


@dataclass(frozen=True)
class Job:
    """A Spark application that runs without end: `trigger` is the seconds between its batches."""

    trigger: int
    sizes: Sizes


@dataclass(frozen=True)
class Environment:
    """All resources of one environment, and the job controller's plan."""

    resources: tuple[Resource, ...]
    plan: JobPlan | None = None

    def of_type(self, kind: str) -> tuple[Resource, ...]:
        """The resources of one type."""
        return tuple(one for one in self.resources if one.type == kind)

    @cached_property
    def types(self) -> frozenset[str]:
        return frozenset(one.type for one in self.resources)

    @cached_property
    def jobs(self) -> Mapping[str, Job]:
        """By application: those of the plan, or the defaults without a plan."""
        if self.plan is not None:
            sizes = self.plan.sizes
            return {name: Job(each, sizes[name]) for name, each in self.plan.triggers.items()}
        return {app.name: Job(app.cloud_trigger, Sizes()) for app in APPLICATIONS}


class BrokenTemplate(ValueError):
    """A file that is not the template, or the list of templates, that it should be."""


def read_templates(files: Iterable[Path]) -> Environment:
    """All resources of the templates, and the plan beside them; raises BrokenTemplate."""
    found = [
        (file, Resource(logical_id, resource["Type"], resource.get("Properties", {})))
        for file in sorted(files)
        for logical_id, resource in _resources(file).items()
    ]
    plans = (_plan(file.parent, one) for file, one in found if one.type == "AWS::Lambda::Function")
    return Environment(
        tuple(one for _, one in found), next((plan for plan in plans if plan is not None), None)
    )


def _plan(folder: Path, function: Resource) -> JobPlan | None:
    """What synthesis left beside the templates, to be uploaded for the job controller."""
    variables = function.properties.get("Environment", {}).get("Variables", {})
    if "JOB_PLAN" not in variables:
        return None
    file = folder / f"asset.{text(variables['JOB_PLAN']).rpartition('/')[2]}"
    try:
        return JobPlan.from_json(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise BrokenTemplate(f"{file} is not a job plan: {problem}") from problem


def _resources(file: Path) -> Mapping[str, Any]:
    try:
        resources: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))["Resources"]
        if all(isinstance(resource["Type"], str) for resource in resources.values()):
            return resources
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise BrokenTemplate(f"{file} is not a CloudFormation template: {problem}") from problem
    raise BrokenTemplate(f"{file} is not a CloudFormation template: a type is not a text")


def text(value: object) -> str:
    """A template's string, with a question mark for each part that only a deployment knows."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping) and "Fn::Join" in value:
        between, parts = value["Fn::Join"]
        joined: str = between.join(text(part) for part in parts)
        return joined
    return _UNKNOWN

"""The clients of the job controller."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import boto3

from contracts.aws.job_plan import JobPlan
from lambdas.job_controller.emr_serverless import ServerlessJobRuns
from lambdas.job_controller.emr_steps import EmrSteps
from lambdas.job_controller.runs import JobRuns
from lambdas.process import environment


@dataclass(frozen=True)
class ControllerSettings:
    """`switch` is the name of the parameter that says ``run`` or ``stop``."""

    plan: JobPlan
    switch: str

    @classmethod
    def from_environment(cls) -> ControllerSettings:
        given = environment()
        return cls(JobPlan.from_json(given["JOB_PLAN"]), given["JOB_SWITCH"])


def open_runs(plan: JobPlan, at: datetime) -> JobRuns:
    """The runs of the plan's kind of EMR."""
    if plan.platform == "yarn":
        return EmrSteps(boto3.client("emr"), plan.target)
    client = boto3.client("emr-serverless")
    return ServerlessJobRuns(client, plan.target, plan.roles, plan.log_url, at)


class Switch:
    """Whether the applications are to run. A person sets it, and it outlives deployments."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._client: Any = boto3.client("ssm")

    def on(self) -> bool:
        value: str = self._client.get_parameter(Name=self._name)["Parameter"]["Value"]
        return value == "run"

    def turn(self, position: str) -> None:
        self._client.put_parameter(Name=self._name, Value=position, Type="String", Overwrite=True)

"""The clients of the job controller."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import boto3
import psycopg

from contracts.aws.job_plan import JobPlan
from contracts.aws.published_plan import put_together
from lambdas.database import connect
from lambdas.job_controller.drivers import Driver, drivers
from lambdas.job_controller.emr_serverless import ServerlessJobRuns
from lambdas.job_controller.emr_steps import EmrSteps
from lambdas.job_controller.runs import JobRuns
from lambdas.process import environment

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ControllerSettings:
    """`switch` is the name of the parameter that says ``run`` or ``stop``."""

    plan: JobPlan
    switch: str

    @classmethod
    def from_environment(cls) -> ControllerSettings:
        given = environment()
        plan = put_together(_fetched(given["JOB_PLAN"]), json.loads(given["JOB_PLAN_VALUES"]))
        return cls(JobPlan.from_json(plan), given["JOB_SWITCH"])


def _fetched(url: str) -> str:
    place = urlsplit(url)
    answer = boto3.client("s3").get_object(Bucket=place.netloc, Key=place.path.lstrip("/"))
    text: str = answer["Body"].read().decode()
    return text


def seen_drivers() -> Mapping[str, Driver]:
    """The drivers in Postgres; none while it does not answer, and then the deployment waits."""
    try:
        with connect(environment()["POSTGRES_URL"]) as connection:
            return drivers(connection)
    except psycopg.OperationalError as problem:
        logger.warning("Postgres does not answer: %s", problem)
        return {}


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

"""The job controller's requests, made from the plan of each template, are ones that AWS accepts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient

from cdk.settings import ENVIRONMENTS, EnvironmentSettings, settings
from contracts.aws.job_plan import JobPlan
from lambdas.job_controller import wiring
from lambdas.job_controller.runs import JobRunName
from tests.service_models import violations
from tests.stacks import job_plans
from tests.stacks.templates import texts_of

NOW = datetime(2026, 11, 29, tzinfo=UTC)
# Longer than the addresses of any cluster that the settings allow.
HOST = "b-{}.shopstreamproduction.0abcde.c2.kafka.eu-central-1.amazonaws.com:9098"
BROKERS = ",".join(HOST.format(number) for number in range(6))
CHOSEN = {
    **{name: settings(name) for name in sorted(ENVIRONMENTS)},
    "the other compute": replace(settings("production"), compute="ec2"),
}
each_environment = pytest.mark.parametrize("chosen", CHOSEN.values(), ids=CHOSEN)
Request = tuple[str, str, dict[str, Any]]


def plan(chosen: EnvironmentSettings) -> JobPlan:
    """What the controller of the template keeps running."""
    # The service draws the id of its application.
    return replace(job_plans.plan(texts_of(chosen)), target="00f1abcdefgh1234")


def requests(chosen: JobPlan, monkeypatch: pytest.MonkeyPatch) -> list[Request]:
    """What is sent to see, start and stop every application."""
    sent: list[Request] = []

    def record(client: BaseClient, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        sent.append((client.meta.service_model.service_name, operation, parameters))
        return {"Steps": [], "jobRuns": []}

    monkeypatch.setattr(BaseClient, "_make_api_call", record)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    runs = wiring.open_runs(chosen, NOW)
    runs.observed()
    for name, submission in chosen.submissions(BROKERS).items():
        run = JobRunName(name, submission.fingerprint, int(NOW.timestamp()) // 60)
        runs.start(run, submission, take_over=True)
    return sent


@each_environment
def test_aws_accepts_every_request(
    chosen: EnvironmentSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = requests(plan(chosen), monkeypatch)
    starts = [each for each in sent if each[1] in ("StartJobRun", "AddJobFlowSteps")]
    assert len(starts) == len(chosen.triggers)
    assert [found for request in sent for found in violations(*request)] == []


def test_a_value_that_is_too_long_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """EMR Serverless allows 1,024 characters for a value, which the URLs of ten jars exceed."""
    made = plan(settings("dev"))
    (start, *_) = (each for each in requests(made, monkeypatch) if each[1] == "StartJobRun")
    properties = start[2]["configurationOverrides"]["applicationConfiguration"][0]["properties"]
    properties["spark.jars"] = ",".join(made.package.jars)
    (found,) = violations(*start)
    assert "properties[spark.jars]" in found
    assert "above 1024" in found

"""JobRuns of applications: steps of a cluster and job runs of EMR Serverless behave alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.emrserverless import models

from contracts.aws.spark_submit import Submission
from emr_jobs.apps.arguments import parse
from lambdas.job_controller.emr_serverless import ServerlessJobRuns
from lambdas.job_controller.emr_steps import EmrSteps
from lambdas.job_controller.runs import JobRunName, JobRuns
from tests.lambdas.job_controller.plans import PLAN

REGION = "eu-central-1"
SUBMISSION = PLAN.submissions("b-1:9098")["orders"]
NAME = JobRunName("orders", SUBMISSION.fingerprint, 1)


class Steps:
    """A cluster of the simulated service."""

    platform = "yarn"

    def __init__(self) -> None:
        self.client = boto3.client("emr", region_name=REGION)
        instances = {"MasterInstanceType": "m7g.xlarge", "KeepJobFlowAliveWhenNoSteps": True}
        self.id = self.client.run_job_flow(Name="c", Instances=instances)["JobFlowId"]

    def runs(self) -> JobRuns:
        return EmrSteps(self.client, self.id)

    def submitted(self) -> list[list[str]]:
        steps = self.client.list_steps(ClusterId=self.id)["Steps"]
        return [step["Config"]["Args"] for step in steps]


class Serverless:
    """An application of the simulated service, which does not know the newest releases."""

    platform = "serverless"

    def __init__(self) -> None:
        self.client = boto3.client("emr-serverless", region_name=REGION)
        application = self.client.create_application(releaseLabel="emr-7.10.0", type="SPARK")
        self.id = application["applicationId"]
        # The simulated service does not list the runs of an application that never had one.
        self.client.start_job_run(
            applicationId=self.id, clientToken="x", executionRoleArn=PLAN.roles["orders"]
        )

    def runs(self) -> JobRuns:
        now = datetime.now(UTC)
        return ServerlessJobRuns(self.client, self.id, PLAN.roles, PLAN.log_url, now)

    def submitted(self) -> list[list[str]]:
        found = self.client.list_job_runs(applicationId=self.id)["jobRuns"]
        jobs = [
            self.client.get_job_run(applicationId=self.id, jobRunId=each["id"])["jobRun"]
            for each in found
        ]
        drivers = (job["jobDriver"]["sparkSubmit"] for job in jobs if job.get("jobDriver"))
        return [[each["entryPoint"], *each["entryPointArguments"]] for each in drivers]


@pytest.fixture(params=[Steps, Serverless], ids=["steps", "serverless"])
def service(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    # The simulated service ends a job run at once unless it is told the state of a new one.
    monkeypatch.setattr(models, "JOB_STATUS", "RUNNING")
    with mock_aws():
        yield request.param()


def submission(service: Any) -> Submission:
    return replace(SUBMISSION, platform=service.platform)


def test_a_run_that_was_started_is_seen_alive(service: Any) -> None:
    runs = service.runs()
    assert runs.observed() == []
    runs.start(NAME, submission(service), take_over=False)
    (seen,) = service.runs().observed()
    assert (seen.name, seen.alive, seen.ended_at) == (NAME, True, None)
    # The simulated service knows only the day of a job run.
    assert datetime.now(UTC) - seen.created_at < timedelta(days=1, minutes=1)


def test_what_is_started_is_what_the_jobs_read(service: Any) -> None:
    service.runs().start(NAME, submission(service), take_over=True)
    (words,) = service.submitted()
    arguments = parse(words[words.index(SUBMISSION.package.entry) + 1 :])
    assert [app.name for app in arguments.applications] == ["orders"]
    assert arguments.endpoints.bootstrap_servers == "b-1:9098"
    assert arguments.take_over


def test_what_was_told_to_stop_is_alive_no_more_and_no_failure(service: Any) -> None:
    service.runs().start(NAME, submission(service), take_over=False)
    (seen,) = service.runs().observed()
    service.runs().stop(seen)
    service.runs().stop(seen)
    (stopped,) = service.runs().observed()
    assert stopped.state in ("ending", "ended")


def test_runs_of_others_are_left_alone(service: Any) -> None:
    runs = service.runs()
    runs.start(NAME, submission(service), take_over=False)
    if service.platform == "yarn":
        step = {"Jar": "command-runner.jar", "Args": ["true"]}
        service.client.add_job_flow_steps(
            JobFlowId=service.id, Steps=[{"Name": "maintenance", "HadoopJarStep": step}]
        )
    assert [run.name for run in service.runs().observed()] == [NAME]

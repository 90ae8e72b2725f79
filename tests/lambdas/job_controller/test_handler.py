"""The function as it is invoked: by its schedule, by a person, by a deployment."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.emrserverless import models

from contracts.applications import APPLICATIONS
from contracts.aws.job_plan import JobPlan
from contracts.aws.published_plan import taken_apart
from lambdas.job_controller import handler, wiring
from lambdas.job_controller.drivers import Driver
from tests.lambdas.job_controller.plans import plan

NAMES = sorted(app.name for app in APPLICATIONS)
ROLE = "arn:aws:iam::123456789012:role/other"
ACCOUNT_ID, REGION = "123456789012", "eu-central-1"
BUCKET = "uploads"
SWITCH = "/shopstream/dev/applications"


class Account:
    """A simulated account with an application of EMR Serverless."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch
        self.emr = boto3.client("emr-serverless")
        self.id = self.emr.create_application(releaseLabel="emr-7.10.0", type="SPARK")[
            "applicationId"
        ]
        # The simulated service does not list the runs of an application that never had one.
        self.emr.start_job_run(applicationId=self.id, clientToken="x", executionRoleArn=ROLE)
        boto3.client("ssm").put_parameter(Name=SWITCH, Value="run", Type="String")
        self._s3 = boto3.client("s3")
        place = {"LocationConstraint": REGION}
        self._s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=place)
        self.deploy(plan("serverless", self.id))

    def deploy(self, chosen: JobPlan) -> None:
        """Upload the plan, in which the region is left open."""
        text, values = taken_apart(json.dumps(chosen.document()), re.compile(REGION))
        self._s3.put_object(Bucket=BUCKET, Key="0a.plan", Body=text.encode())
        self._patch.setenv("JOB_PLAN", f"s3://{BUCKET}/0a.plan")
        self._patch.setenv("JOB_PLAN_VALUES", json.dumps(values))

    def state(self) -> str:
        found: str = self.emr.get_application(applicationId=self.id)["application"]["state"]
        return found

    def be(self, state: str) -> None:
        """Into a state that the simulated service skips."""
        (simulated,) = models.emrserverless_backends[ACCOUNT_ID][REGION].applications.values()
        simulated.state = state

    def names(self, *states: str) -> list[str]:
        return sorted(run["name"].split("-")[1] for run in self.runs() if run["state"] in states)

    def runs(self) -> list[dict[str, Any]]:
        runs = self.emr.list_job_runs(applicationId=self.id)["jobRuns"]
        return [run for run in runs if run.get("name")]


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    # The simulated service ends a job run at once unless it is told what a new one's state is.
    monkeypatch.setattr(models, "JOB_STATUS", "RUNNING")
    monkeypatch.setenv("JOB_SWITCH", SWITCH)
    # It knows the day of a job run alone.
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    monkeypatch.setattr(handler, "now", lambda: midnight)
    # The simulated service has no bootstrap brokers.
    monkeypatch.setattr(handler, "brokers_of", lambda _: "b-1:9098")
    working = Driver("", "running", midnight, midnight, committed=True)
    monkeypatch.setattr(handler, "seen_drivers", lambda: dict.fromkeys(NAMES, working))
    with mock_aws():
        yield Account(monkeypatch)


def call(**event: Any) -> dict[str, Any]:
    return handler.handle(event, None)


def test_the_schedule_starts_what_is_missing_and_then_leaves_it_alone(account: Account) -> None:
    first = call(source="aws.events")
    assert sorted(first["actions"]) == NAMES
    assert all(said[0].startswith("start ") for said in first["actions"].values())
    assert account.names("RUNNING") == NAMES
    assert call(source="aws.events")["actions"] == {name: [] for name in NAMES}


def test_a_person_stops_and_starts_again(account: Account) -> None:
    call()
    assert call(action="stop")["wanted"] == "stop"
    assert account.names("RUNNING") == []
    assert call()["wanted"] == "stop", "the schedule does not start what a person stopped"
    assert account.names("RUNNING") == []
    call(action="run")
    assert account.names("RUNNING") == NAMES


def test_another_trigger_starts_a_successor_that_takes_over(account: Account) -> None:
    call()
    before = plan("serverless", account.id)
    account.deploy(replace(before, triggers={**before.triggers, "orders": 30}))
    answer = call(RequestType="Update")
    assert answer["PhysicalResourceId"] == "applications"
    arguments = [
        account.emr.get_job_run(applicationId=account.id, jobRunId=run["id"])["jobRun"][
            "jobDriver"
        ]["sparkSubmit"]["entryPointArguments"]
        for run in account.runs()
    ]
    assert len(arguments) == len(NAMES) + 1
    (successor,) = [line for line in arguments if "--trigger=orders=30s" in line]
    assert successor[0] == "orders"
    assert "--take-over" in successor


def test_a_deployment_has_arrived_when_the_old_driver_is_gone(account: Account) -> None:
    call()
    event = {"RequestType": "Update"}
    assert handler.confirm(event, None) == {"IsComplete": True}
    before = plan("serverless", account.id)
    account.deploy(replace(before, triggers={**before.triggers, "orders": 30}))
    call(**event)
    assert handler.confirm(event, None) == {"IsComplete": False}
    old = next(
        run for run in account.runs() if before.submissions()["orders"].fingerprint in run["name"]
    )
    account.emr.cancel_job_run(applicationId=account.id, jobRunId=old["id"])
    assert handler.confirm(event, None) == {"IsComplete": True}


def test_a_deployment_whose_drivers_are_not_at_work_has_not_arrived(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    call()
    assert handler.confirm({"RequestType": "Create"}, None) == {"IsComplete": True}
    monkeypatch.setattr(handler, "seen_drivers", dict)
    assert handler.confirm({"RequestType": "Create"}, None) == {"IsComplete": False}
    call(action="stop")
    assert handler.confirm({"RequestType": "Update"}, None) == {"IsComplete": True}


def test_taking_the_stack_down_ends_every_driver_and_then_stops_what_they_ran_on(
    account: Account,
) -> None:
    """Neither the service nor CloudFormation deletes an application that has started."""
    call()
    event = {"RequestType": "Delete"}
    assert handler.confirm(event, None) == {"IsComplete": False}
    assert account.state() == "STARTED", "not while a driver is alive"
    call(**event)
    assert account.names("RUNNING") == []
    assert handler.confirm(event, None) == {"IsComplete": False}
    assert account.state() == "STOPPED"
    assert handler.confirm(event, None) == {"IsComplete": True}
    account.emr.delete_application(applicationId=account.id)


@pytest.mark.parametrize(
    ("state", "can_be_deleted"),
    [("CREATED", True), ("STARTING", False), ("STOPPING", False), ("STOPPED", True)],
)
def test_a_deletion_waits_for_what_starts_or_stops_and_asks_it_nothing(
    account: Account, state: str, can_be_deleted: bool
) -> None:
    account.be(state)
    assert handler.confirm({"RequestType": "Delete"}, None) == {"IsComplete": can_be_deleted}
    assert account.state() == state


def test_a_deployment_of_stopped_applications_leaves_what_they_run_on_alone(
    account: Account,
) -> None:
    call(action="stop")
    assert handler.confirm({"RequestType": "Update"}, None) == {"IsComplete": True}
    assert account.state() == "STARTED"


def test_what_it_sees_is_a_metric(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    call()
    capsys.readouterr()
    call()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    seen = {line["application"]: (line["running_drivers"], line["failed_runs"]) for line in lines}
    assert seen == {name: (1.0, 0.0) for name in NAMES}


def test_the_plan_survives_its_template(account: Account) -> None:
    chosen = plan("yarn", "j-1")
    assert JobPlan.from_json(json.dumps(chosen.document())) == chosen
    account.deploy(chosen)
    assert wiring.ControllerSettings.from_environment().plan == chosen

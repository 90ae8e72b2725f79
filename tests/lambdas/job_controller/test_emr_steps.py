"""Runs as steps, on a simulated cluster: named, never doubled, ended by a step of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from contracts.aws.spark_submit import Submission
from lambdas.job_controller.emr_steps import EmrSteps
from lambdas.job_controller.runs import JobRun, JobRunName
from tests.lambdas.job_controller.plans import plan

NAME = JobRunName("orders", "a" * 16, 1)


@dataclass(frozen=True)
class Cluster:
    """A simulated cluster and the runs on it."""

    client: Any
    id: str

    @property
    def runs(self) -> EmrSteps:
        return EmrSteps(self.client, self.id)

    @property
    def submission(self) -> Submission:
        return plan("yarn", self.id).submissions("b-1:9098")["orders"]

    def steps(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.client.list_steps(ClusterId=self.id)["Steps"]
        return found

    def only_run(self) -> JobRun:
        (run,) = self.runs.observed()
        return run


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        client = boto3.client("emr")
        instances = {
            "MasterInstanceType": "m7g.xlarge",
            "SlaveInstanceType": "m7g.xlarge",
            "InstanceCount": 2,
            "KeepJobFlowAliveWhenNoSteps": True,
        }
        id = client.run_job_flow(
            Name="jobs",
            ReleaseLabel="emr-spark-8.1.0",
            Instances=instances,
            JobFlowRole="machines",
            ServiceRole="service",
        )["JobFlowId"]
        yield Cluster(client, id)


def test_a_cluster_without_steps_has_no_runs(cluster: Cluster) -> None:
    assert list(cluster.runs.observed()) == []


def test_a_run_is_a_step_of_its_name_that_outlives_no_failure(cluster: Cluster) -> None:
    cluster.runs.start(NAME, cluster.submission, take_over=True)
    (step,) = cluster.steps()
    assert (step["Name"], step["ActionOnFailure"]) == (str(NAME), "CONTINUE")
    words = step["Config"]["Args"]
    assert words == cluster.submission.step_words(tag=str(NAME), take_over=True)
    assert "--take-over" in words
    run = cluster.only_run()
    assert (run.name, run.alive, run.ended_at) == (NAME, True, None)


def test_starting_again_under_one_name_changes_nothing(cluster: Cluster) -> None:
    for _ in range(2):
        cluster.runs.start(NAME, cluster.submission, take_over=False)
    assert len(cluster.steps()) == 1
    cluster.runs.start(replace(NAME, number=2), cluster.submission, take_over=False)
    assert len(cluster.steps()) == 2


def test_a_run_is_ended_by_a_step_that_kills_what_it_submitted_to_yarn(cluster: Cluster) -> None:
    cluster.runs.start(NAME, cluster.submission, take_over=False)
    for _ in range(2):
        cluster.runs.stop(cluster.only_run())
    stopping = [step for step in cluster.steps() if step["Name"] == f"stop-{NAME}"]
    (only,) = stopping
    assert only["Config"]["Args"][:2] == ["bash", "-c"]
    assert only["Config"]["Args"][-1] == str(NAME)
    assert cluster.only_run().state == "ending"


def test_steps_of_others_are_no_runs(cluster: Cluster) -> None:
    cluster.client.add_job_flow_steps(
        JobFlowId=cluster.id,
        Steps=[{"Name": "a person's", "HadoopJarStep": {"Jar": "command-runner.jar"}}],
    )
    assert list(cluster.runs.observed()) == []


def test_a_cluster_can_be_deleted_as_it_is(cluster: Cluster) -> None:
    assert cluster.runs.shut_down()
    (still,) = cluster.client.list_clusters(ClusterStates=["WAITING", "RUNNING"])["Clusters"]
    assert still["Id"] == cluster.id

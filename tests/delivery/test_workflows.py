"""The workflows name what exists, run what is pinned, and may do no more than they need."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cdk.settings import ENVIRONMENTS
from tests.architecture.test_docs import targets
from tests.architecture.tree import ROOT

Workflow = dict[Any, Any]

FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
LOADED: dict[str, Workflow] = {file.name: yaml.safe_load(file.read_text()) for file in FILES}
READ = {"contents": "read"}
ASK_AWS = {"id-token": "write", "contents": "read"}
# A full commit: what a tag means can be changed by whoever owns the action.
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")

each_file = pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)


def jobs() -> Iterator[tuple[str, Workflow]]:
    for name, workflow in LOADED.items():
        for job, described in workflow["jobs"].items():
            yield f"{name}:{job}", described


def steps(job: Workflow, action: str) -> list[Workflow]:
    """The steps that use an action."""
    return [step for step in job["steps"] if step.get("uses", "").startswith(f"{action}@")]


def run(job: Workflow) -> str:
    """Every command of a job."""
    return "\n".join(step.get("run", "") for step in job["steps"])


def asks_aws(job: Workflow) -> bool:
    return bool(steps(job, "aws-actions/configure-aws-credentials"))


each_job = pytest.mark.parametrize(
    "job", [pytest.param(described, id=name) for name, described in jobs()]
)


def test_there_is_one_for_each_way_of_a_change() -> None:
    assert sorted(LOADED) == ["check.yml", "deploy.yml", "diff.yml"]


@each_file
def test_every_action_is_pinned_to_a_commit(file: Path) -> None:
    used = re.findall(r"uses: (.+)", file.read_text())
    assert used
    assert [each for each in used if not PINNED.fullmatch(each)] == []


def test_an_action_is_pinned_alike_everywhere() -> None:
    used = {each for file in FILES for each in re.findall(r"uses: (.+)", file.read_text())}
    assert len(used) == len({each.partition("@")[0] for each in used})


@each_file
def test_no_workflow_holds_or_asks_for_a_secret(file: Path) -> None:
    text = file.read_text()
    for word in ("secrets.", "access-key", "AKIA", "password"):
        assert word not in text


@each_file
def test_a_workflow_may_read_alone(file: Path) -> None:
    assert LOADED[file.name]["permissions"] == READ


@each_job
def test_a_job_asks_for_an_identity_only_to_speak_to_aws(job: Workflow) -> None:
    assert job.get("permissions", READ) == (ASK_AWS if asks_aws(job) else READ)


@each_job
def test_a_job_ends_and_leaves_no_token_behind(job: Workflow) -> None:
    assert job["timeout-minutes"] <= 180
    for checkout in steps(job, "actions/checkout"):
        assert checkout["with"]["persist-credentials"] is False


@each_job
def test_a_job_runs_targets_that_exist(job: Workflow) -> None:
    named = {
        word
        for called in re.findall(r"\bmake (.+)", run(job))
        for word in called.replace("${{ ", "").replace(" }}", "").split()
        if "=" not in word
    }
    assert named
    assert named - targets() == set()


@each_job
def test_what_speaks_to_aws_builds_nothing_of_the_change(job: Workflow) -> None:
    """It has the templates that another job made, and the pinned command."""
    if asks_aws(job):
        assert re.findall(r"\bmake (.*)", run(job)) == ["node"]
        assert "node_modules/.bin/cdk" in run(job)
        assert "--app cdk.out" in run(job)
        assert job["needs"] == "synth"


def test_a_pull_request_is_compared_by_the_tools_of_the_branch_it_is_for() -> None:
    diff = LOADED["diff.yml"]["jobs"]["diff"]
    (checkout,) = steps(diff, "actions/checkout")
    assert checkout["with"]["ref"] == "${{ github.event.pull_request.base.sha }}"
    assert "head.repo.full_name == github.repository" in diff["if"]
    assert "--method template" in run(diff)


def test_each_environment_is_deployed_by_a_person_one_at_a_time() -> None:
    deploy = LOADED["deploy.yml"]
    # YAML 1.1 reads the key `on` as true.
    asked = deploy[True]
    assert set(asked) == {"workflow_dispatch"}
    offered = asked["workflow_dispatch"]["inputs"]["environment"]["options"]
    assert offered == list(ENVIRONMENTS)
    assert deploy["jobs"]["deploy"]["environment"] == "${{ inputs.environment }}"
    assert deploy["concurrency"] == {
        "group": "deploy-${{ inputs.environment }}",
        "cancel-in-progress": False,
    }


def test_every_change_is_checked_tested_and_tried_on_an_emulator() -> None:
    check = LOADED["check.yml"]
    assert set(check[True]) == {"push", "pull_request"}
    assert {name: run(job).strip() for name, job in check["jobs"].items()} == {
        "check": "make check test-unit",
        "test": "make test",
        "localstack": "make test-localstack",
    }

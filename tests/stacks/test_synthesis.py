"""Synthesis: pure, and what it writes is sound."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from cdk_nag import AwsSolutionsChecks

from cdk.settings import ENVIRONMENTS, Compute, settings
from ops.settings import process_environment
from tests.architecture.tree import ROOT
from tests.stacks.templates import linted, synthesized, texts

INSTANCE = "AWS::RDS::DBInstance"
IDS = Path(__file__).with_name("kept_ids.json")


@pytest.mark.parametrize("name", sorted(ENVIRONMENTS))
def test_the_same_settings_give_the_same_bytes(name: str) -> None:
    assert synthesized(settings(name)) == texts(name)


@pytest.mark.parametrize("name", sorted(ENVIRONMENTS))
def test_the_linter_finds_nothing(name: str) -> None:
    assert linted(texts(name)) == []


@pytest.mark.parametrize("compute", ["ec2", "serverless"])
@pytest.mark.parametrize("name", sorted(ENVIRONMENTS))
def test_no_rule_of_aws_solutions_is_broken_unexplained(name: str, compute: Compute) -> None:
    synthesized(replace(settings(name), compute=compute), AwsSolutionsChecks())


def test_no_rule_is_broken_behind_nat_gateways_either() -> None:
    synthesized(replace(settings("staging"), internet="nat"), AwsSolutionsChecks())


@pytest.mark.parametrize("name", sorted(ENVIRONMENTS))
def test_every_resource_that_is_kept_has_the_logical_id_it_was_deployed_with(name: str) -> None:
    kept = {
        f"{stack}/{logical_id}": resource["Type"]
        for stack, text in texts(name).items()
        for logical_id, resource in json.loads(text)["Resources"].items()
        # Aurora's instances hold nothing: their number is a setting.
        if resource.get("DeletionPolicy") not in (None, "Delete") and resource["Type"] != INSTANCE
    }
    # A logical id that moves makes CloudFormation create the resource anew, empty.
    assert kept == json.loads(IDS.read_text())


@pytest.mark.parametrize("name", sorted(ENVIRONMENTS))
def test_a_first_deployment_that_fails_leaves_nothing_in_the_way_of_the_next(name: str) -> None:
    kept = [
        f"{stack}/{logical_id}"
        for stack, text in texts(name).items()
        for logical_id, resource in json.loads(text)["Resources"].items()
        if resource.get("DeletionPolicy") == "Retain"
    ]
    assert kept == []


def test_examples_in_the_settings_are_refused_all_at_once() -> None:
    context = json.dumps({"environment": "production"})
    done = subprocess.run(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env=process_environment(CDK_CONTEXT_JSON=context),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    said = done.stderr.splitlines()
    assert [line.split(":")[0].strip() for line in said[-2:]] == ["tokens", "alarm_email"]
    assert said[-3].startswith("error: settings of production:")


def test_no_template_knows_an_account_or_a_region() -> None:
    for name in ENVIRONMENTS:
        for stack, text in texts(name).items():
            assert "us-east-1" not in text, f"{name} {stack}"
            assert str(Path.cwd()) not in text

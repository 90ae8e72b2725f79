"""The roles of the workflows: assumed from one place, to become the bootstrap's roles alone."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from cfnlint.api import lint

from cdk.settings import ENVIRONMENTS
from tests.architecture.tree import ROOT
from tests.delivery.test_workflows import LOADED, steps

TEXT = (ROOT / "docs" / "github-roles.yaml").read_text()
TEMPLATE = yaml.safe_load(TEXT)
ISSUER = "token.actions.githubusercontent.com"


def only(statements: list[dict[str, Any]]) -> dict[str, Any]:
    (statement,) = statements
    return statement


def properties(role: str) -> dict[str, Any]:
    found: dict[str, Any] = TEMPLATE["Resources"][role]["Properties"]
    return found


def test_the_linter_finds_nothing() -> None:
    assert [str(match) for match in lint(TEXT)] == []


@pytest.mark.parametrize(
    ("role", "subject"),
    [
        ("DeployRole", "repo:${Repository}:environment:${Environment}"),
        ("DiffRole", "repo:${Repository}:pull_request"),
    ],
)
def test_a_role_is_assumed_from_one_place_alone(role: str, subject: str) -> None:
    trust = only(properties(role)["AssumeRolePolicyDocument"]["Statement"])
    assert trust["Action"] == "sts:AssumeRoleWithWebIdentity"
    # Equal, not like: a pattern would let other branches and repositories in.
    assert trust["Condition"] == {
        "StringEquals": {
            f"{ISSUER}:aud": "sts.amazonaws.com",
            f"{ISSUER}:sub": {"Fn::Sub": subject},
        }
    }


@pytest.mark.parametrize(
    ("role", "become"),
    [
        ("DeployRole", ["deploy", "file-publishing", "lookup"]),
        ("DiffRole", ["lookup"]),
    ],
)
def test_a_role_may_become_roles_of_the_bootstrap_and_nothing_else(
    role: str, become: list[str]
) -> None:
    assert "ManagedPolicyArns" not in properties(role)
    rights = only(only(properties(role)["Policies"])["PolicyDocument"]["Statement"])
    assert rights == {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Resource": [
            {
                "Fn::Sub": (
                    "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/"
                    f"cdk-${{Qualifier}}-{kind}-role-${{AWS::AccountId}}-${{AWS::Region}}"
                )
            }
            for kind in become
        ],
    }


def test_the_environments_are_those_of_the_settings() -> None:
    assert TEMPLATE["Parameters"]["Environment"]["AllowedValues"] == list(ENVIRONMENTS)


def test_the_session_lasts_as_long_as_the_workflow_asks() -> None:
    (step,) = steps(LOADED["deploy.yml"]["jobs"]["deploy"], "aws-actions/configure-aws-credentials")
    assert properties("DeployRole")["MaxSessionDuration"] == step["with"]["role-duration-seconds"]

"""Who may do what: asked of the policies in the templates, and of nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.stacks.account import ALL
from tests.stacks.intrinsics import Environment
from tests.stacks.policies import Policies
from tests.stacks.policy_rules import MANAGED, UNSCOPED, findings, policies
from tests.stacks.templates import resources, texts


@pytest.mark.parametrize("name", ALL)
def test_every_policy_keeps_the_rules(name: str) -> None:
    assert findings(policies(name)) == []


def test_every_exception_from_the_rules_is_needed() -> None:
    """A reason that nothing uses any more would let the next one in unseen."""
    used = {
        action
        for name in ALL
        for role in policies(name).roles
        for statement in role.statements
        if "*" in statement.resources
        for action in statement.actions
    }
    managed = {
        arn for name in ALL for role in policies(name).roles for arn in role.managed_policies
    }
    assert (set(UNSCOPED) - used, set(MANAGED) - managed) == (set(), set())


FORBIDDEN = {
    "every action": {"Action": "*", "Resource": "arn:aws:s3:::a"},
    "every action of a service": {"Action": "s3:*", "Resource": "arn:aws:s3:::a"},
    "a pattern of actions": {"Action": "s3:Get*", "Resource": "arn:aws:s3:::a"},
    "every action but one": {"NotAction": "s3:GetObject", "Resource": "arn:aws:s3:::a"},
    "every resource": {"Action": "s3:GetObject", "Resource": "*"},
    "every resource of every service": {"Action": "s3:GetObject", "Resource": "arn:aws:*"},
    "every resource but one": {"Action": "s3:GetObject", "NotResource": "arn:aws:s3:::a"},
    "every topic": {
        "Action": "kafka-cluster:ReadData",
        "Resource": "arn:aws:kafka:r:1:topic/shop/1/*",
    },
    "topics by prefix": {
        "Action": "kafka-cluster:ReadData",
        "Resource": "arn:aws:kafka:r:1:topic/shop/1/ecommerce-*",
    },
    "every group": {
        "Action": "kafka-cluster:AlterGroup",
        "Resource": "arn:aws:kafka:r:1:group/shop/1/*",
    },
    "any role to a service": {
        "Action": "iam:PassRole",
        "Resource": "arn:aws:iam::1:role/*",
        "Condition": {"StringEquals": {"iam:PassedToService": "glue.amazonaws.com"}},
    },
    "a role to any service": {"Action": "iam:PassRole", "Resource": "arn:aws:iam::1:role/a"},
}


def with_statement(name: str, stack: str, statement: dict[str, Any]) -> Policies:
    """The policies of an environment, and one statement more in the first policy of a stack."""
    parsed = {each: json.loads(text) for each, text in texts(name).items()}
    policy = next(each for _, each in resources(parsed[stack], "AWS::IAM::Policy"))
    policy["Properties"]["PolicyDocument"]["Statement"].append({"Effect": "Allow", **statement})
    return Policies(Environment(parsed))


@pytest.mark.parametrize("statement", FORBIDDEN.values(), ids=FORBIDDEN)
def test_one_forbidden_statement_is_found(statement: dict[str, Any]) -> None:
    (found,) = findings(with_statement("dev", "network", statement))
    assert found.startswith("network/")


OPEN = {
    "a bucket for everybody": ("AWS::S3::BucketPolicy", "PolicyDocument", "s3:GetObject", "*"),
    "a key whole for a service": (
        "AWS::KMS::Key",
        "KeyPolicy",
        "kms:*",
        {"Service": "logs.amazonaws.com"},
    ),
    "a role for everybody": (
        "AWS::IAM::Role",
        "AssumeRolePolicyDocument",
        "sts:AssumeRole",
        {"AWS": "*"},
    ),
}


@pytest.mark.parametrize(("kind", "document", "action", "principal"), OPEN.values(), ids=OPEN)
def test_what_is_opened_to_more_than_somebody_named_is_found(
    kind: str, document: str, action: str, principal: Any
) -> None:
    parsed = {each: json.loads(text) for each, text in texts("dev").items()}
    opened = next(r for each in parsed.values() for _, r in resources(each, kind))
    statement = {"Effect": "Allow", "Action": action, "Principal": principal, "Resource": "*"}
    opened["Properties"][document]["Statement"].append(statement)
    assert len(findings(Policies(Environment(parsed)))) == 1

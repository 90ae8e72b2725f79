"""Each role may do what the tables say, and no more, by the synthesized policies."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from cdk.settings import settings
from contracts.topics import TOPICS
from tests.stacks.account import ALL, Account, on
from tests.stacks.intrinsics import ACCOUNT, REGION
from tests.stacks.permissions import MAY, MAY_EVERYWHERE, MAY_NOT, MAY_NOT_EVERYWHERE, SERVERLESS
from tests.stacks.templates import chosen, resources, texts_of


def cases(
    everywhere: dict[str, list[tuple[str, str]]],
    somewhere: dict[tuple[str, str], list[tuple[str, str]]],
) -> dict[str, tuple[str, str, str, str]]:
    """Environment, role, action and resource of each case, by their names together; `somewhere` is
    by the kind of compute."""
    found = [
        *((name, role, *each) for name in ALL for role in everywhere for each in everywhere[role]),
        *(
            (name, role, *each)
            for (compute, role), requests in somewhere.items()
            for name in on(compute)
            for each in requests
        ),
    ]
    named = [(*case[:3], case[3].replace("ENV", chosen(case[0]).environment)) for case in found]
    return {" ".join(case): case for case in named}


ALLOWED, DENIED = cases(MAY_EVERYWHERE, MAY), cases(MAY_NOT_EVERYWHERE, MAY_NOT)


@pytest.mark.parametrize(
    ("name", "role", "action", "resource"), ALLOWED.values(), ids=ALLOWED.keys()
)
def test_may(name: str, role: str, action: str, resource: str) -> None:
    account = Account(name)
    assert account.may(account.role(role), action, resource)


@pytest.mark.parametrize(("name", "role", "action", "resource"), DENIED.values(), ids=DENIED.keys())
def test_may_not(name: str, role: str, action: str, resource: str) -> None:
    account = Account(name)
    assert not account.may(account.role(role), action, resource)


# What would lose data, or change who may do what.
NOBODY = [
    *(("kafka-cluster:DeleteTopic", f"topic:{topic.name}") for topic in TOPICS),
    *(("kafka-cluster:AlterTopic", f"topic:{topic.name}") for topic in TOPICS),
    *(("kafka:DeleteTopic", f"topic:{topic.name}") for topic in TOPICS),
    ("kafka:DeleteCluster", "cluster"),
    ("kafka-cluster:AlterCluster", "cluster"),
    ("s3:DeleteBucket", "lake"),
    ("s3:DeleteBucketPolicy", "lake"),
    ("s3:PutBucketPolicy", "lake"),
    ("s3:PutLifecycleConfiguration", "lake"),
    ("s3:DeleteObjectVersion", "lake:warehouse/silver/orders/data/a.parquet"),
    ("s3:PutBucketVersioning", "lake"),
    ("glue:DeleteTable", "table:silver/orders"),
    ("glue:DeleteDatabase", "database:silver"),
    ("glue:DeleteSchema", "schema:orders"),
    ("glue:RegisterSchemaVersion", "schema:orders"),
    ("rds:DeleteDBCluster", "aurora"),
    ("rds:ModifyDBCluster", "aurora"),
    ("elasticache:DeleteReplicationGroup", "valkey"),
    ("kms:ScheduleKeyDeletion", "key"),
    ("kms:DisableKey", "key"),
    ("kms:PutKeyPolicy", "key"),
    ("iam:CreateRole", "any"),
    ("iam:PutRolePolicy", "any"),
    ("iam:AttachRolePolicy", "any"),
    ("sts:AssumeRole", "any"),
]


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(("action", "resource"), NOBODY)
def test_nobody_may(name: str, action: str, resource: str) -> None:
    account = Account(name)
    may = [
        each.logical_id for each in account.policies.roles if account.may(each, action, resource)
    ]
    assert may == []


LAMBDA = "lambda.amazonaws.com"
TRUSTED = {
    "functions/MigrationsRole": LAMBDA,
    "functions/AlertNotifierRole": LAMBDA,
    "functions/QueryApiRole": LAMBDA,
    "functions/CanaryRole": LAMBDA,
    "functions/TableOptimizersFunctionRole": LAMBDA,
    "functions/TableOptimizersRole": "glue.amazonaws.com",
    "functions/OperationsFunctionRole": LAMBDA,
    "functions/OperationsRole": f"arn:aws:iam::{ACCOUNT}:root",
    "functions/AnalystsRole": f"arn:aws:iam::{ACCOUNT}:root",
    "processing/ControllerRole": LAMBDA,
    "processing/ConfirmationRole": LAMBDA,
}


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(("role", "principal"), TRUSTED.items())
def test_who_may_take_a_role(name: str, role: str, principal: str) -> None:
    trust = Account(name).role(role).trust
    assert [statement.principals for statement in trust] == [(principal,)]


@pytest.mark.parametrize(
    ("given", "condition"),
    [
        (True, {"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
        # Whoever signs in with an identity provider has no such key.
        (False, None),
    ],
)
def test_people_have_signed_in_with_a_second_factor(given: bool, condition: Any) -> None:
    text = texts_of(replace(settings("dev"), people_with_mfa=given))["functions"]
    roles = [
        each["Properties"]
        for logical_id, each in resources(json.loads(text), "AWS::IAM::Role")
        if logical_id[:-8] in ("AnalystsRole", "OperationsRole")
    ]
    assert len(roles) == 2
    for role in roles:
        (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert statement.get("Condition") == condition


@pytest.mark.parametrize("name", on(SERVERLESS))
def test_the_controller_passes_the_roles_of_the_applications_to_emr_alone(name: str) -> None:
    account = Account(name)
    controller = account.role("processing/ControllerRole")
    for application in ("ingest", "orders"):
        arn = account.role(f"processing/EmrRole{application}").arn

        def may(service: str, role: str = arn) -> bool:
            return account.policies.allows(
                controller, "iam:PassRole", role, iam__PassedToService=service
            )

        assert may("emr-serverless.amazonaws.com")
        assert not may("ec2.amazonaws.com")


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("role", [role for role, who in TRUSTED.items() if who == LAMBDA])
def test_lambda_makes_network_interfaces_and_the_code_of_a_function_none(
    name: str, role: str
) -> None:
    account = Account(name)
    function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:shop"
    for action in ("ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"):

        def may(doing: str = action, **context: str) -> bool:
            interface = f"arn:aws:ec2:{REGION}:{ACCOUNT}:network-interface/eni-0a"
            return account.policies.allows(account.role(role), doing, interface, **context)

        assert may()
        assert not may(lambda__SourceFunctionArn=function)


@pytest.mark.parametrize("name", ALL)
def test_no_role_is_outside_the_tables(name: str) -> None:
    """A new role has a row above, or is one of those that the CDK or a service needs."""
    known = {*MAY_EVERYWHERE, *MAY_NOT_EVERYWHERE, *(role for _, role in MAY), *HELPERS}
    missing = [
        f"{role.stack}/{role.logical_id}"
        for role in Account(name).policies.roles
        if f"{role.stack}/{role.logical_id[:-8]}" not in known
    ]
    assert missing == []


# Roles around a custom resource, of flow logs, and of EMR itself.
_PROVIDER = "processing/ApplicationsProvider"
HELPERS = {
    "network/VpcFlowLogIAMRole",
    "functions/TablesProviderframeworkonEventServiceRole",
    f"{_PROVIDER}frameworkonEventServiceRole",
    f"{_PROVIDER}frameworkisCompleteServiceRole",
    f"{_PROVIDER}frameworkonTimeoutServiceRole",
    f"{_PROVIDER}waiterstatemachineRole",
    "processing/EmrServiceRole",
}

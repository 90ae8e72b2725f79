"""The templates in a simulated account: what it makes of them, asked of the services themselves.

moto leaves out the types that it does not know, so they are left out by name, and nothing is said
of them: Kafka, EMR, Valkey, Glue and Aurora are judged by the other checks alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.cloudformation.parsing import get_model_map

from tests.localstack.reduction import reduced
from tests.stacks.templates import Template, template

NAME, REGION, ACCOUNT = "dev", "eu-central-1", "123456789012"
STACKS = ("network", "data", "functions", "processing", "observability")
ASSETS = f"cdk-hnb659fds-assets-{ACCOUNT}-{REGION}"
# It has these, yet not for a cluster that it does not have.
_NEED_WHAT_IS_LEFT_OUT = {
    "AWS::Lambda::EventSourceMapping",
    "AWS::RDS::DBInstance",
    "AWS::RDS::DBSubnetGroup",
}
# It makes them without telling an id.
_NAMELESS = {"AWS::EC2::SecurityGroupIngress", "AWS::Lambda::Permission"}
# It reads their tags in another form than a template has them in.
_ODD_TAGS = {"AWS::KMS::Key", "AWS::SSM::Parameter"}


@dataclass(frozen=True)
class Account:
    """`loaded`: the templates as they were given; `made`: physical ids by stack/logical id."""

    loaded: dict[str, Template]
    made: dict[str, str]

    def made_id(self, stack: str, prefix: str) -> str:
        (found,) = (
            physical
            for name, physical in self.made.items()
            if name.startswith(f"{stack}/{prefix}") and name[:-8] == f"{stack}/{prefix}"
        )
        return found


def loadable(stack: str) -> Template:
    """A template without what the simulation does not have, or cannot read."""
    chosen = reduced(template(NAME, stack), set(get_model_map()) - _NEED_WHAT_IS_LEFT_OUT)
    for logical_id, resource in chosen["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"] in _ODD_TAGS:
            properties.pop("Tags", None)
        if resource["Type"] == "AWS::SSM::Parameter":
            # It makes up no name.
            properties.setdefault("Name", f"/{logical_id}")
    return chosen


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        loaded = {stack: loadable(stack) for stack in STACKS}
        with mock_aws():
            _bootstrap(loaded)
            cloudformation = boto3.client("cloudformation")
            made = {}
            for stack, text in loaded.items():
                # Not the whole name: it makes physical ids of it without shortening them.
                cloudformation.create_stack(
                    StackName=stack,
                    TemplateBody=json.dumps(text),
                    Capabilities=["CAPABILITY_IAM"],
                )
                pages = cloudformation.get_paginator("list_stack_resources")
                for page in pages.paginate(StackName=stack):
                    for each in page["StackResourceSummaries"]:
                        if each.get("PhysicalResourceId"):
                            place = f"{stack}/{each['LogicalResourceId']}"
                            made[place] = each["PhysicalResourceId"]
            yield Account(loaded, made)


def _bootstrap(loaded: dict[str, Template]) -> None:
    """What `cdk bootstrap` and the upload of the assets leave."""
    boto3.client("ssm").put_parameter(
        Name="/cdk-bootstrap/hnb659fds/version", Value="30", Type="String"
    )
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=ASSETS, CreateBucketConfiguration={"LocationConstraint": REGION})
    for text in loaded.values():
        for resource in text["Resources"].values():
            if resource["Type"] == "AWS::Lambda::Function":
                s3.put_object(Bucket=ASSETS, Key=resource["Properties"]["Code"]["S3Key"], Body=b"")


def test_every_resource_that_it_has_is_made(account: Account) -> None:
    wanted = {
        f"{stack}/{logical_id}"
        for stack, text in account.loaded.items()
        for logical_id, each in text["Resources"].items()
        if each["Type"] not in _NAMELESS
    }
    assert wanted - set(account.made) == set()
    kinds = {
        each["Type"] for text in account.loaded.values() for each in text["Resources"].values()
    }
    # A simulation that forgets a service must not pass for one that was asked.
    assert kinds >= {
        "AWS::EC2::Subnet",
        "AWS::Events::Rule",
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
        "AWS::KMS::Key",
        "AWS::Lambda::Function",
        "AWS::Logs::LogGroup",
        "AWS::S3::Bucket",
        "AWS::SNS::Topic",
        "AWS::SSM::Parameter",
        "AWS::StepFunctions::StateMachine",
    }


FUNCTIONS = {
    "functions/Migrations": "lambdas.migrations.handler.handle",
    "functions/AlertNotifier": "lambdas.alert_notifier.handler.handle",
    "functions/QueryApi": "lambdas.query_api.handler.handle",
    "functions/OperationsFunction": "lambdas.operations.handler.handle",
    "functions/Canary": "lambdas.canary.handler.handle",
    "functions/TableOptimizersFunction": "lambdas.table_optimizers.handler.handle",
    "processing/Controller": "lambdas.job_controller.handler.handle",
    "processing/Confirmation": "lambdas.job_controller.handler.confirm",
}


@pytest.mark.parametrize(("place", "handler"), FUNCTIONS.items())
def test_each_function_stands_in_the_private_subnets_under_its_own_role(
    account: Account, place: str, handler: str
) -> None:
    stack, _, prefix = place.partition("/")
    client = boto3.client("lambda")
    found = client.get_function_configuration(FunctionName=account.made_id(stack, prefix))
    assert found["Runtime"] == "python3.13"
    assert found["Handler"] == handler
    assert account.made_id(stack, f"{prefix}Role") in found["Role"]
    subnets = {
        physical
        for place, physical in account.made.items()
        if place.startswith("network/VpcprivateSubnet") and physical.startswith("subnet-")
    }
    assert set(found["VpcConfig"]["SubnetIds"]) == subnets
    assert len(subnets) == 3


@pytest.mark.parametrize("place", FUNCTIONS)
def test_each_role_holds_the_policy_of_the_template(account: Account, place: str) -> None:
    stack, _, prefix = place.partition("/")
    role = account.made_id(stack, f"{prefix}Role")
    iam = boto3.client("iam")
    (policy,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
    actions = {a for each in document["Statement"] for a in _list(each["Action"])}
    assert "logs:PutLogEvents" in actions
    assert not any(action.endswith("*") for action in actions)
    assert iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"] == []


def _list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def test_the_lake_is_sealed_with_our_key_which_rotates(account: Account) -> None:
    s3 = boto3.client("s3")
    bucket = account.made_id("data", "LakeBucket")
    rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    sealed = rules[0]["ApplyServerSideEncryptionByDefault"]
    assert sealed["SSEAlgorithm"] == "aws:kms"
    assert account.made_id("data", "Key") in sealed["KMSMasterKeyID"]
    assert boto3.client("kms").get_key_rotation_status(KeyId=account.made_id("data", "Key"))[
        "KeyRotationEnabled"
    ]


def test_notifications_are_sealed_with_our_key(account: Account) -> None:
    topic = account.made_id("functions", "Notifications")
    attributes = boto3.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]
    assert account.made_id("data", "Key") in attributes["KmsMasterKeyId"]


def test_no_log_is_kept_for_ever(account: Account) -> None:
    groups = {
        group["logGroupName"]: group.get("retentionInDays")
        for page in boto3.client("logs").get_paginator("describe_log_groups").paginate()
        for group in page["logGroups"]
    }
    made = {
        account.made[f"{stack}/{logical_id}"]
        for stack, text in account.loaded.items()
        for logical_id, each in text["Resources"].items()
        if each["Type"] == "AWS::Logs::LogGroup"
    }
    assert made <= set(groups)
    assert {groups[name] for name in made} == {7}


def test_what_runs_on_a_schedule_is_called_by_it(account: Account) -> None:
    events = boto3.client("events")
    schedules = {
        target["Arn"].rpartition(":")[2]: rule["ScheduleExpression"]
        for rule in events.list_rules()["Rules"]
        for target in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
    }
    expected = {
        ("processing", "Controller"): "rate(1 minute)",
        ("functions", "Canary"): "rate(5 minutes)",
        ("functions", "TableOptimizersFunction"): "rate(1 hour)",
    }
    assert schedules == {account.made_id(*place): rate for place, rate in expected.items()}


def test_the_dashboards_are_drawn(account: Account) -> None:
    client = boto3.client("cloudwatch")
    names = {
        each["Properties"]["DashboardName"]
        for text in account.loaded.values()
        for each in text["Resources"].values()
        if each["Type"] == "AWS::CloudWatch::Dashboard"
    }
    assert len(names) >= 2
    for name in names:
        body = json.loads(client.get_dashboard(DashboardName=name)["DashboardBody"])
        assert body["widgets"]


def test_the_switch_says_run(account: Account) -> None:
    name = account.made_id("processing", "Switch")
    assert boto3.client("ssm").get_parameter(Name=name)["Parameter"]["Value"] == "run"

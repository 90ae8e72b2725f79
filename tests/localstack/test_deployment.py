"""Bootstrapped, deployed, used and destroyed by the CDK command on a real LocalStack.

What this says: CloudFormation takes our templates in their order, and these resources are what the
template says. What it can say nothing about is left out before (`reduction.py`): Kafka, EMR,
Valkey, Aurora, Glue, dashboards, and every function. Its buckets pass over the encryption, the life
cycle and the block of public access that a template asks for, and no policy is enforced:
tests/stacks looks at those.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.localstack.cloud import ENVIRONMENT, Cloud, synthesized
from tests.localstack.server import running
from tests.stacks.shipped import assets
from tests.stacks.templates import resources

pytestmark = pytest.mark.localstack

CREATED = json.loads(Path(__file__).with_name("created.json").read_text())
# What a stand-in of LocalStack has for a physical id.
FAKES = {"", "unknown", None}
LAKE = ("data", "LakeBucketB1D32E10")
KEY = ("data", "Key961B73FD")
WHEN = ("Threshold", "ComparisonOperator", "EvaluationPeriods", "DatapointsToAlarm")
KEY_ALIAS = f"alias/shopstream-{ENVIRONMENT}-data"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    folder = tmp_path_factory.mktemp("localstack")
    with running(folder) as url:
        cloud = synthesized(url, folder)
        cloud.cdk("bootstrap")
        cloud.cdk("deploy", "--all", "--require-approval", "never")
        yield cloud


@pytest.fixture
def lake(cloud: Cloud) -> str:
    return cloud.physical_id(*LAKE)


def resources_of(cloud: Cloud, stack: str) -> list[dict[str, Any]]:
    answer = cloud.client("cloudformation").describe_stack_resources(StackName=stack)
    found: list[dict[str, Any]] = answer["StackResources"]
    return found


def of_type(template: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [each["Properties"] for _, each in resources(template, kind)]


def actions(document: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(each["Effect"], each["Action"]) for each in document["Statement"]]


@pytest.fixture(scope="module")
def complete(cloud: Cloud) -> dict[str, str]:
    """The type of each resource that was made, by stack and logical id."""
    return {
        f"{stack.rpartition('-')[2]}/{each['LogicalResourceId']}": each["ResourceType"]
        for stack in cloud.expected
        for each in resources_of(cloud, stack)
        if each["ResourceStatus"] == "CREATE_COMPLETE"
        and each.get("PhysicalResourceId") not in FAKES
    }


def test_every_resource_is_complete_with_an_id_of_its_own(
    cloud: Cloud, complete: dict[str, str]
) -> None:
    assert complete == {
        f"{stack.rpartition('-')[2]}/{logical_id}": kind
        for stack, left in cloud.expected.items()
        for logical_id, kind in left.items()
    }


def test_what_could_once_be_made_still_is(complete: dict[str, str]) -> None:
    assert CREATED.items() - complete.items() == set()


def test_the_lake_refuses_plain_http(cloud: Cloud, lake: str) -> None:
    policy = json.loads(cloud.client("s3").get_bucket_policy(Bucket=lake)["Policy"])
    assert {
        "Action": "s3:*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Resource": [f"arn:aws:s3:::{lake}", f"arn:aws:s3:::{lake}/*"],
    } in policy["Statement"]


def test_the_lake_keeps_every_version(cloud: Cloud, lake: str) -> None:
    s3 = cloud.client("s3")
    written = {
        s3.put_object(Bucket=lake, Key="warehouse/file", Body=body)["VersionId"]: body
        for body in (b"first", b"second")
    }
    assert {
        version: s3.get_object(Bucket=lake, Key="warehouse/file", VersionId=version)["Body"].read()
        for version in written
    } == written


def test_the_key_of_the_data_encrypts_an_object(cloud: Cloud, lake: str) -> None:
    key = cloud.client("kms").describe_key(KeyId=KEY_ALIAS)["KeyMetadata"]
    assert key["KeyId"] == cloud.physical_id(*KEY)
    asked = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key["Arn"]}
    s3 = cloud.client("s3")
    s3.put_object(Bucket=lake, Key="warehouse/encrypted", Body=b"an order", **asked)
    read = s3.get_object(Bucket=lake, Key="warehouse/encrypted")
    assert {name: read[name] for name in asked} == asked
    assert read["Body"].read() == b"an order"


def test_the_key_is_rotated(cloud: Cloud) -> None:
    status = cloud.client("kms").get_key_rotation_status(KeyId=cloud.physical_id(*KEY))
    assert status["KeyRotationEnabled"] is True


def test_every_service_of_aws_is_reached_from_inside(cloud: Cloud) -> None:
    """Templates name a subnet's zone by its place; here it becomes a name."""
    ec2 = cloud.client("ec2")
    network = cloud.physical_id("network", "Vpc8378EB38")
    of_ours = [{"Name": "vpc-id", "Values": [network]}]
    subnets = ec2.describe_subnets(Filters=of_ours)["Subnets"]
    assert len({each["AvailabilityZone"] for each in subnets}) == 3
    doors = [
        each
        for each in ec2.describe_vpc_endpoints()["VpcEndpoints"]
        if each["VpcId"] == network and each["VpcEndpointType"] == "Interface"
    ]
    assert doors
    for door in doors:
        assert set(door["SubnetIds"]) == {each["SubnetId"] for each in subnets}


def test_a_message_on_the_topic_reaches_who_listens(cloud: Cloud) -> None:
    sns, sqs = cloud.client("sns"), cloud.client("sqs")
    topic = cloud.physical_id("functions", "Notifications87298708")
    queue = sqs.create_queue(QueueName="listener")["QueueUrl"]
    name = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=name["QueueArn"])
    sns.publish(TopicArn=topic, Message="an alert")
    (message,) = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=10)["Messages"]
    assert json.loads(message["Body"])["Message"] == "an alert"


def test_the_topic_takes_encrypted_messages_over_tls_alone(cloud: Cloud) -> None:
    topic = cloud.physical_id("functions", "Notifications87298708")
    attributes = cloud.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]
    assert attributes["KmsMasterKeyId"].endswith(cloud.physical_id(*KEY))
    (refused,) = [
        each["Condition"]
        for each in json.loads(attributes["Policy"])["Statement"]
        if each["Effect"] == "Deny"
    ]
    assert refused == {"Bool": {"aws:SecureTransport": "false"}}


def test_the_applications_are_to_run(cloud: Cloud) -> None:
    switch = cloud.physical_id("processing", "Switch39BDFED0")
    parameter = cloud.client("ssm").get_parameter(Name=switch)["Parameter"]
    assert parameter["Value"] == "run"


def test_each_schedule_calls_at_its_rate(cloud: Cloud) -> None:
    found = {
        each["Name"]: (each["ScheduleExpression"], each["State"])
        for each in cloud.client("events").list_rules()["Rules"]
    }
    for stack, schedule, rate in (
        ("processing", "Schedule83A77FD1", "rate(1 minute)"),
        ("functions", "CanarySchedule553FAD28", "rate(5 minutes)"),
        ("functions", "TableOptimizersSchedule74020B98", "rate(1 hour)"),
    ):
        assert found[cloud.physical_id(stack, schedule)] == (rate, "ENABLED")


def test_every_alarm_is_what_its_template_says_and_tells_the_operators(cloud: Cloud) -> None:
    operators = cloud.physical_id("observability", "Operators93109ECD")
    answer = cloud.client("cloudwatch").describe_alarms(AlarmTypes=["MetricAlarm"], MaxRecords=100)
    made = {each["AlarmName"]: each for each in answer["MetricAlarms"]}
    asked = of_type(cloud.templates()["observability"], "AWS::CloudWatch::Alarm")
    assert set(made) == {each["AlarmName"] for each in asked}
    for each in asked:
        found = made[each["AlarmName"]]
        assert {name: found[name] for name in WHEN} == {name: each[name] for name in WHEN}
        assert found["AlarmActions"] == [operators]


def test_every_role_holds_the_actions_that_its_policies_name(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    looked_at = 0
    for stack, template in cloud.templates().items():
        for policy in of_type(template, "AWS::IAM::Policy"):
            (role,) = policy["Roles"]
            held = iam.get_role_policy(
                RoleName=cloud.physical_id(stack, role["Ref"]), PolicyName=policy["PolicyName"]
            )["PolicyDocument"]
            assert actions(held) == actions(policy["PolicyDocument"])
            looked_at += 1
    assert looked_at >= Counter(CREATED.values())["AWS::IAM::Policy"]


def test_the_package_of_the_applications_is_uploaded_under_its_own_sum(cloud: Cloud) -> None:
    code = hashlib.sha256(assets().code.read_bytes()).hexdigest()
    buckets = [each["Name"] for each in cloud.client("s3").list_buckets()["Buckets"]]
    (published,) = [name for name in buckets if name.startswith("cdk-")]
    stored = cloud.client("s3").get_object(Bucket=published, Key=f"{code}.zip")["Body"].read()
    assert hashlib.sha256(stored).hexdigest() == code


def test_destroying_leaves_what_is_kept_and_nothing_else(cloud: Cloud) -> None:
    """The last one: afterwards there is nothing to look at."""
    kept = cloud.physical_id(*LAKE)
    group = cloud.physical_id("data", "KafkaBrokerLogsD032A934")
    cloud.cdk("destroy", "--all", "--force")
    stacks = cloud.client("cloudformation").list_stacks()["StackSummaries"]
    left = {each["StackName"] for each in stacks if each["StackStatus"] != "DELETE_COMPLETE"}
    assert left == {"CDKToolkit"}
    buckets = {each["Name"] for each in cloud.client("s3").list_buckets()["Buckets"]}
    assert kept in buckets
    groups = cloud.client("logs").describe_log_groups()["logGroups"]
    assert group not in {each["logGroupName"] for each in groups}

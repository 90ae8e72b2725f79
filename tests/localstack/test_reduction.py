"""The reduction leaves out what an emulator has not, and touches nothing else."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.localstack.reduction import reduced

TYPES = {"AWS::S3::Bucket", "AWS::IAM::Role"}
CREATED = json.loads(Path(__file__).with_name("created.json").read_text())
# It may only grow: what once worked on an emulator is not lost by leaving it out.
LEAST = {
    "AWS::CloudWatch::Alarm": 50,
    "AWS::CloudWatch::CompositeAlarm": 1,
    "AWS::EC2::SecurityGroup": 12,
    "AWS::EC2::Subnet": 3,
    "AWS::EC2::VPC": 1,
    "AWS::EC2::VPCEndpoint": 10,
    "AWS::Events::Rule": 3,
    "AWS::IAM::Policy": 17,
    "AWS::IAM::Role": 17,
    "AWS::KMS::Alias": 1,
    "AWS::KMS::Key": 1,
    "AWS::Logs::LogGroup": 16,
    "AWS::S3::Bucket": 2,
    "AWS::S3::BucketPolicy": 2,
    "AWS::SNS::Topic": 2,
    "AWS::SNS::TopicPolicy": 2,
    "AWS::SSM::Parameter": 1,
    "AWS::StepFunctions::StateMachine": 1,
}


def template(**resources: Any) -> dict[str, Any]:
    return {"Resources": resources}


def test_a_resource_of_a_type_it_has_stays_as_it_is() -> None:
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Ref": "AWS::StackName"}}}
    assert reduced(template(Lake=bucket), TYPES) == template(Lake=bucket)


def test_a_resource_of_another_type_is_left_out() -> None:
    cluster = {"Type": "AWS::MSK::Cluster", "Properties": {}}
    assert reduced(template(Kafka=cluster), TYPES) == template()


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("AWS::MSK::Cluster", "arn:aws:msk:us-east-1:000000000000:cluster/Kafka"),
        ("AWS::Lambda::Function", "arn:aws:lambda:us-east-1:000000000000:function:Kafka"),
    ],
)
@pytest.mark.parametrize(
    "reference",
    [
        pytest.param({"Ref": "Kafka"}, id="Ref"),
        pytest.param({"Fn::GetAtt": ["Kafka", "Arn"]}, id="GetAtt"),
    ],
)
def test_what_refers_to_it_is_given_a_stand_in(
    reference: dict[str, Any], kind: str, name: str
) -> None:
    both = {
        "Kafka": {"Type": kind},
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"Of": ["a", {"b": reference}]}},
    }
    role = reduced(template(**both), TYPES)["Resources"]["Role"]
    assert role["Properties"] == {"Of": ["a", {"b": name}]}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param({"DependsOn": ["Kafka", "Lake"]}, {"DependsOn": ["Lake"]}, id="one of two"),
        pytest.param({"DependsOn": ["Kafka"]}, {}, id="the only one"),
        pytest.param({"DependsOn": "Kafka"}, {}, id="a single name"),
        pytest.param({"DependsOn": "Lake"}, {"DependsOn": ["Lake"]}, id="one that stays"),
    ],
)
def test_nothing_waits_for_it(before: dict[str, Any], after: dict[str, Any]) -> None:
    resources = {
        "Kafka": {"Type": "AWS::MSK::Cluster"},
        "Lake": {"Type": "AWS::S3::Bucket"},
        "Role": {"Type": "AWS::IAM::Role"} | before,
    }
    role = reduced(template(**resources), TYPES)["Resources"]["Role"]
    assert role == {"Type": "AWS::IAM::Role"} | after


def test_the_list_of_what_is_created_does_not_shrink() -> None:
    counted = Counter(CREATED.values())
    assert {kind: count for kind, count in LEAST.items() if counted[kind] < count} == {}

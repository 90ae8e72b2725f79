"""The reduction leaves out what an emulator has not, and touches nothing else."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.localstack.reduction import reduced, stand_in

TYPES = {"AWS::S3::Bucket", "AWS::IAM::Role"}
CREATED = json.loads(Path(__file__).with_name("created.json").read_text())
# It may only grow: what once worked on an emulator is not lost by leaving it out.
LEAST = {
    "AWS::EC2::SecurityGroup": 4,
    "AWS::EC2::Subnet": 3,
    "AWS::EC2::VPC": 1,
    "AWS::EC2::VPCEndpoint": 13,
    "AWS::IAM::Policy": 1,
    "AWS::IAM::Role": 1,
    "AWS::KMS::Alias": 1,
    "AWS::KMS::Key": 1,
    "AWS::Logs::LogGroup": 5,
    "AWS::S3::Bucket": 2,
    "AWS::S3::BucketPolicy": 2,
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
    "reference",
    [
        pytest.param({"Ref": "Kafka"}, id="Ref"),
        pytest.param({"Fn::GetAtt": ["Kafka", "Arn"]}, id="GetAtt"),
    ],
)
def test_what_refers_to_it_is_given_a_stand_in(reference: dict[str, Any]) -> None:
    both = {
        "Kafka": {"Type": "AWS::MSK::Cluster"},
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"Of": ["a", {"b": reference}]}},
    }
    role = reduced(template(**both), TYPES)["Resources"]["Role"]
    assert role["Properties"] == {"Of": ["a", {"b": stand_in("Kafka")}]}


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

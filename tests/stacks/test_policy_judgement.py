"""The simulator itself: on a small template, judged as IAM judges."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stacks.intrinsics import Environment, UnknownIntrinsic
from tests.stacks.policies import Policies, UnknownOperator, matches

CLUSTER = "arn:aws:kafka:eu-central-1:111122223333:cluster/shop/Cluster"
TOPIC = "arn:aws:kafka:eu-central-1:111122223333:topic/shop/Cluster"
KEY = "arn:aws:kms:eu-central-1:111122223333:key/Key"
BUCKET = "arn:aws:s3:::bucket"
TRUST = {
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "lambda.amazonaws.com"},
        }
    ]
}
ORDERS = {
    "Fn::Join": [
        "",
        [
            {"Fn::Select": [0, {"Fn::Split": [":cluster/", {"Ref": "Cluster"}]}]},
            ":topic/",
            {"Fn::Select": [1, {"Fn::Split": [":cluster/", {"Ref": "Cluster"}]}]},
            "/orders",
        ],
    ]
}
ROOT = {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}


def allow(action: Any, resource: Any, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any, resource: Any, **more: Any) -> dict[str, Any]:
    return {**allow(action, resource, **more), "Effect": "Deny"}


def judged(
    *statements: dict[str, Any],
    on_bucket: tuple[dict[str, Any], ...] = (),
    on_key: tuple[dict[str, Any], ...] = (allow("kms:*", "*", Principal=ROOT),),
) -> Policies:
    policy = {"PolicyDocument": {"Statement": list(statements)}, "Roles": [{"Ref": "Role01234567"}]}
    bucket = {"Bucket": {"Ref": "Bucket"}, "PolicyDocument": {"Statement": list(on_bucket)}}
    resources: dict[str, Any] = {
        "Role01234567": {
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": TRUST},
        },
        "Policy": {"Type": "AWS::IAM::Policy", "Properties": policy},
        "Cluster": {"Type": "AWS::MSK::Cluster", "Properties": {"ClusterName": "shop"}},
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {}},
        "BucketPolicy": {"Type": "AWS::S3::BucketPolicy", "Properties": bucket},
        "Key": {
            "Type": "AWS::KMS::Key",
            "Properties": {"KeyPolicy": {"Statement": list(on_key)}},
        },
    }
    return Policies(Environment({"one": {"Resources": resources}}))


def may(policies: Policies, action: str, resource: str, **context: str) -> bool:
    return policies.allows(policies.role("one", "Role"), action, resource, **context)


WRITE = allow("kafka-cluster:WriteData", ORDERS)
ACCOUNT_ONLY = {"StringEquals": {"aws:SourceAccount": "111122223333"}}
PLAIN_HTTP = {"Bool": {"aws:SecureTransport": "false"}}
ROLE = {"AWS": {"Fn::GetAtt": ["Role01234567", "Arn"]}}
IN_BUCKET = f"{BUCKET}/*"
CASES: dict[str, tuple[Policies, str, str, bool]] = {
    "nothing said": (judged(), "s3:GetObject", BUCKET, False),
    "said of it": (judged(WRITE), "kafka-cluster:WriteData", f"{TOPIC}/orders", True),
    "of another topic": (judged(WRITE), "kafka-cluster:WriteData", f"{TOPIC}/alerts", False),
    "of a topic with a longer name": (
        judged(WRITE),
        "kafka-cluster:WriteData",
        f"{TOPIC}/orders2",
        False,
    ),
    "another action": (judged(WRITE), "kafka-cluster:DeleteTopic", f"{TOPIC}/orders", False),
    "case of an action": (judged(WRITE), "KAFKA-cluster:writedata", f"{TOPIC}/orders", True),
    "a pattern of actions": (judged(allow("s3:Get*", "*")), "s3:GetObject", BUCKET, True),
    "a pattern is no part of a word": (judged(allow("s3:Get", "*")), "s3:GetObject", BUCKET, False),
    "a deny wins": (
        judged(allow("s3:GetObject", "*"), deny("s3:*", IN_BUCKET)),
        "s3:GetObject",
        f"{BUCKET}/a",
        False,
    ),
    "everything but": (
        judged({"Effect": "Allow", "NotAction": "s3:DeleteObject", "Resource": "*"}),
        "s3:DeleteObject",
        BUCKET,
        False,
    ),
    "everywhere but": (
        judged({"Effect": "Allow", "Action": "s3:GetObject", "NotResource": IN_BUCKET}),
        "s3:GetObject",
        "arn:aws:s3:::other/a",
        True,
    ),
    "a condition that nothing is known of": (
        judged(allow("s3:GetObject", "*", Condition=ACCOUNT_ONLY)),
        "s3:GetObject",
        BUCKET,
        False,
    ),
    "the bucket refuses plain HTTP, not this": (
        judged(
            allow("s3:GetObject", IN_BUCKET),
            on_bucket=(deny("s3:*", IN_BUCKET, Principal="*", Condition=PLAIN_HTTP),),
        ),
        "s3:GetObject",
        f"{BUCKET}/a",
        True,
    ),
    "the bucket names the role": (
        judged(on_bucket=(allow("s3:GetObject", IN_BUCKET, Principal=ROLE),)),
        "s3:GetObject",
        f"{BUCKET}/a",
        True,
    ),
    "the bucket names the account: the role's own policy decides": (
        judged(on_bucket=(allow("s3:GetObject", IN_BUCKET, Principal=ROOT),)),
        "s3:GetObject",
        f"{BUCKET}/a",
        False,
    ),
    "a key that trusts the account": (judged(allow("kms:Decrypt", KEY)), "kms:Decrypt", KEY, True),
    "a key that trusts nobody": (
        judged(allow("kms:Decrypt", KEY), on_key=()),
        "kms:Decrypt",
        KEY,
        False,
    ),
}


@pytest.mark.parametrize(("policies", "action", "resource", "allowed"), CASES.values(), ids=CASES)
def test_a_request_is_judged(policies: Policies, action: str, resource: str, allowed: bool) -> None:
    assert may(policies, action, resource) is allowed


def test_conditions_are_held_against_what_the_request_brings() -> None:
    over_http = judged(
        allow("s3:GetObject", IN_BUCKET),
        on_bucket=(deny("s3:*", IN_BUCKET, Principal="*", Condition=PLAIN_HTTP),),
    )
    assert not may(over_http, "s3:GetObject", f"{BUCKET}/a", aws__SecureTransport="false")
    of_account = judged(allow("s3:GetObject", "*", Condition=ACCOUNT_ONLY))
    assert may(of_account, "s3:GetObject", BUCKET, aws__SourceAccount="111122223333")
    assert not may(of_account, "s3:GetObject", BUCKET, aws__SourceAccount="9")
    unless_known = judged(
        allow("s3:GetObject", "*", Condition={"StringEqualsIfExists": {"aws:SourceVpc": "v"}})
    )
    assert may(unless_known, "s3:GetObject", BUCKET)
    assert not may(unless_known, "s3:GetObject", BUCKET, aws__SourceVpc="w")


def test_what_is_not_understood_is_not_guessed() -> None:
    odd = judged(allow("s3:GetObject", "*", Condition={"DateLessThan": {"aws:CurrentTime": "x"}}))
    with pytest.raises(UnknownOperator, match="DateLessThan"):
        may(odd, "s3:GetObject", BUCKET, aws__CurrentTime="y")
    with pytest.raises(UnknownIntrinsic, match="Fn::Transform"):
        judged(allow("s3:GetObject", {"Fn::Transform": "x"})).roles  # noqa: B018 - it is computed


@pytest.mark.parametrize(
    ("pattern", "text", "matching"),
    [
        ("*", "anything", True),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("a.c", "abc", False),
        ("a*c", "abcd", False),
    ],
)
def test_patterns(pattern: str, text: str, matching: bool) -> None:
    assert matches(pattern, text) is matching


def test_what_one_stack_exports_another_finds() -> None:
    exporting = {
        "Resources": {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {}}},
        "Outputs": {
            "Out": {"Value": {"Fn::GetAtt": ["Bucket", "Arn"]}, "Export": {"Name": "shop:Bucket"}}
        },
    }
    environment = Environment({"one": exporting, "two": {"Resources": {}}})
    assert environment.resolve("two", {"Fn::ImportValue": "shop:Bucket"}) == BUCKET
    with pytest.raises(UnknownIntrinsic, match="nothing is exported as shop:Other"):
        environment.resolve("two", {"Fn::ImportValue": "shop:Other"})

"""What the data stack promises: encrypted, private, kept, and as the contracts say."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest

from cdk.settings import ENVIRONMENTS, settings
from contracts.applications import APPLICATIONS
from contracts.schemas import bundled_schemas
from contracts.topics import TOPICS, Topic
from tests.stacks.templates import Template, resources, synthesized, template

ALL = sorted(ENVIRONMENTS)
DATA = {name: template(name, "data") for name in ALL}
STATEFUL = {
    "AWS::ElastiCache::ReplicationGroup": 1,
    "AWS::Glue::Database": 3,
    "AWS::Glue::Registry": 1,
    "AWS::Glue::Schema": 4,
    "AWS::KMS::Key": 1,
    "AWS::MSK::Cluster": 1,
    "AWS::MSK::Topic": 4,
    "AWS::RDS::DBCluster": 1,
    "AWS::RDS::DBSubnetGroup": 1,
    "AWS::S3::Bucket": 2,
}


def only(data: Template, kind: str) -> Template:
    ((_, resource),) = resources(data, kind)
    properties: Template = resource["Properties"]
    return properties


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(("kind", "count"), STATEFUL.items())
def test_what_holds_data_outlives_its_stack_unless_it_never_stood(
    name: str, kind: str, count: int
) -> None:
    """Names are fixed: what a failed first deployment left would be in the way of the second."""
    policies = [
        (resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy"))
        for _, resource in resources(DATA[name], kind)
    ]
    assert policies == [("RetainExceptOnCreate", "Retain")] * count


@pytest.mark.parametrize("name", ALL)
def test_a_service_uses_the_key_for_this_account_alone(name: str) -> None:
    uses = [
        (statement["Principal"]["Service"], statement["Action"], statement["Condition"])
        for statement in only(DATA[name], "AWS::KMS::Key")["KeyPolicy"]["Statement"]
        if "Service" in statement["Principal"]
    ]
    logs, publishers = sorted(uses, key=lambda use: "StringEquals" in use[2])
    assert "kms:EncryptionContext:aws:logs:arn" in logs[2]["ArnLike"]
    assert publishers == (
        ["budgets.amazonaws.com", "cloudwatch.amazonaws.com"],
        ["kms:Decrypt", "kms:GenerateDataKey*"],
        {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
    )


@pytest.mark.parametrize("name", ALL)
def test_kafka_takes_iam_over_tls_alone(name: str) -> None:
    cluster = only(DATA[name], "AWS::MSK::Cluster")
    assert cluster["ClientAuthentication"] == {
        "Sasl": {"Iam": {"Enabled": True}},
        "Unauthenticated": {"Enabled": False},
    }
    assert cluster["EncryptionInfo"]["EncryptionInTransit"] == {
        "ClientBroker": "TLS",
        "InCluster": True,
    }
    assert cluster["BrokerNodeGroupInfo"]["InstanceType"].startswith("express.")
    assert len(cluster["BrokerNodeGroupInfo"]["ClientSubnets"]) == 3
    assert set(cluster["LoggingInfo"]) == {"AuthorizerLogs", "BrokerLogs"}


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_each_topic_is_that_of_the_contracts(topic: Topic) -> None:
    (found,) = [
        each["Properties"]
        for _, each in resources(DATA["production"], "AWS::MSK::Topic")
        if each["Properties"]["TopicName"] == topic.name
    ]
    assert found["PartitionCount"] == topic.cloud_partitions
    assert found["ReplicationFactor"] == 3
    assert json.loads(base64.b64decode(found["Configs"])) == {
        "message.timestamp.type": "LogAppendTime",
        "retention.ms": str(topic.retention.days * 86_400_000),
    }


def test_the_registry_holds_the_schemas_that_ship() -> None:
    found = {
        each["Properties"]["Name"]: (
            each["Properties"]["SchemaDefinition"],
            each["Properties"]["Compatibility"],
        )
        for _, each in resources(DATA["dev"], "AWS::Glue::Schema")
    }
    assert found == {
        family: (versions[0], "BACKWARD") for family, versions in bundled_schemas().items()
    }


@pytest.mark.parametrize("name", ALL)
def test_the_buckets_are_closed_and_refuse_plain_http(name: str) -> None:
    buckets = dict(resources(DATA[name], "AWS::S3::Bucket"))
    for bucket in buckets.values():
        assert set(bucket["Properties"]["PublicAccessBlockConfiguration"].values()) == {True}
    refusing = {
        policy["Properties"]["Bucket"]["Ref"]
        for _, policy in resources(DATA[name], "AWS::S3::BucketPolicy")
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny"
        and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    }
    assert refusing == set(buckets)


def test_the_lake_is_encrypted_with_our_key_versioned_and_logged() -> None:
    (lake,) = [
        each["Properties"]
        for _, each in resources(DATA["production"], "AWS::S3::Bucket")
        if "VersioningConfiguration" in each["Properties"]
    ]
    (rule,) = lake["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert rule["BucketKeyEnabled"] is True
    assert "LoggingConfiguration" in lake


@pytest.mark.parametrize("name", ALL)
def test_postgres_is_encrypted_and_asks_for_tls_and_iam(name: str) -> None:
    cluster = only(DATA[name], "AWS::RDS::DBCluster")
    assert cluster["StorageEncrypted"] is True
    assert cluster["EnableIAMDatabaseAuthentication"] is True
    assert cluster["DeletionProtection"] is settings(name).deletion_protection
    parameters = only(DATA[name], "AWS::RDS::DBClusterParameterGroup")
    assert parameters["Parameters"] == {"rds.force_ssl": "1"}
    for _, instance in resources(DATA[name], "AWS::RDS::DBInstance"):
        assert instance["DeletionPolicy"] == "RetainExceptOnCreate", "kept with its cluster"
        assert instance["Properties"]["DBInstanceClass"] == "db.serverless"
        assert not instance["Properties"].get("PubliclyAccessible", False)


@pytest.mark.parametrize("name", ALL)
def test_valkey_is_sharded_encrypted_and_for_its_iam_user(name: str) -> None:
    chosen = settings(name).valkey
    (group,) = (each for _, each in resources(DATA[name], "AWS::ElastiCache::ReplicationGroup"))
    assert group["UpdatePolicy"] == {"UseOnlineResharding": True}
    properties = group["Properties"]
    assert properties["NumNodeGroups"] == chosen.shards
    assert properties["ReplicasPerNodeGroup"] == chosen.replicas
    assert properties["TransitEncryptionMode"] == "required"
    assert properties["AtRestEncryptionEnabled"] is True
    modes = {
        each["Properties"]["UserName"]: each["Properties"]["AuthenticationMode"]["Type"]
        for _, each in resources(DATA[name], "AWS::ElastiCache::User")
    }
    own = f"shopstream-{name}"
    assert modes == {"default": "password", f"{own}-jobs": "iam", f"{own}-reader": "iam"}
    (closed,) = [
        each["Properties"]["AccessString"]
        for _, each in resources(DATA[name], "AWS::ElastiCache::User")
        if each["Properties"]["UserName"] == "default"
    ]
    assert closed == "off ~* -@all"


@pytest.mark.parametrize("name", ALL)
def test_no_security_group_is_open_to_the_world(name: str) -> None:
    for stack in ("data", "network"):
        for logical_id, group in resources(template(name, stack), "AWS::EC2::SecurityGroup"):
            for rule in group["Properties"].get("SecurityGroupIngress", ()):
                assert rule.get("CidrIp") != "0.0.0.0/0", logical_id


def test_a_trigger_that_changes_touches_nothing_stateful() -> None:
    faster = replace(settings("dev"), triggers=tuple((app.name, 1) for app in APPLICATIONS))
    before, after = synthesized(settings("dev")), synthesized(faster)
    assert {stack: before[stack] for stack in ("network", "data")} == {
        stack: after[stack] for stack in ("network", "data")
    }


@pytest.mark.parametrize("shards", [2, 3])
def test_more_shards_keep_the_group(shards: int) -> None:
    dev = settings("dev")
    grown = replace(dev, valkey=replace(dev.valkey, shards=shards))
    data: Template = json.loads(synthesized(grown)["data"])
    (before,) = (i for i, _ in resources(DATA["dev"], "AWS::ElastiCache::ReplicationGroup"))
    ((logical_id, group),) = resources(data, "AWS::ElastiCache::ReplicationGroup")
    assert (logical_id, group["Properties"]["NumNodeGroups"]) == (before, shards)

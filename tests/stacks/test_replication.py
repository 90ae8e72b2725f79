"""A second region: the source topics are copied, and nothing that follows from them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from cdk_nag import AwsSolutionsChecks

from cdk.settings import ENVIRONMENTS, EnvironmentSettings, settings
from cdk.settings.parts import ReplicationSource
from contracts.topics import ALERTS, SOURCES, TOPICS
from tests.stacks.intrinsics import Environment
from tests.stacks.policies import Policies
from tests.stacks.policy_rules import findings
from tests.stacks.templates import Template, linted, resources, synthesized, template

SOURCE = "arn:aws:kafka:eu-west-1:111122223333:cluster/shopstream-production-kafka/0f0e-1"
SUBNETS = ("subnet-0a", "subnet-0b", "subnet-0c")
SECOND = replace(
    settings("production"), replicate_from=ReplicationSource(cluster_arn=SOURCE, subnets=SUBNETS)
)
FIRST = replace(
    settings("production"), kafka=replace(settings("production").kafka, replicated=True)
)


def templates(chosen: EnvironmentSettings) -> dict[str, Template]:
    return {stack: json.loads(text) for stack, text in synthesized(chosen).items()}


@pytest.fixture(scope="module")
def second() -> dict[str, Template]:
    return templates(SECOND)


@pytest.fixture(scope="module")
def first() -> dict[str, Template]:
    return templates(FIRST)


@pytest.mark.parametrize("name", sorted(ENVIRONMENTS))
def test_nothing_is_copied_unless_it_is_asked_for(name: str) -> None:
    for stack in ("data", "processing"):
        kinds = {each["Type"] for each in template(name, stack)["Resources"].values()}
        assert kinds.isdisjoint({"AWS::MSK::Replicator", "AWS::MSK::ClusterPolicy"})
    ((_, cluster),) = resources(template(name, "data"), "AWS::MSK::Cluster")
    assert "ConnectivityInfo" not in cluster["Properties"]["BrokerNodeGroupInfo"]


def test_the_source_topics_come_here_from_the_beginning_under_their_names(
    second: dict[str, Template],
) -> None:
    ((_, replicator),) = resources(second["processing"], "AWS::MSK::Replicator")
    (flow,) = replicator["Properties"]["ReplicationInfoList"]
    assert flow["TopicReplication"] == {
        "TopicsToReplicate": [topic.name for topic in SOURCES],
        "TopicNameConfiguration": {"Type": "IDENTICAL"},
        "StartingPosition": {"Type": "EARLIEST"},
        "CopyTopicConfigurations": False,
        "CopyAccessControlListsForTopics": False,
        "DetectAndCopyNewTopics": False,
    }
    assert flow["SourceKafkaClusterArn"] == SOURCE
    groups = flow["ConsumerGroupReplication"]
    assert groups["SynchroniseConsumerGroupOffsets"] is False
    source, target = replicator["Properties"]["KafkaClusters"]
    assert source["VpcConfig"] == {"SubnetIds": list(SUBNETS)}
    assert len(target["VpcConfig"]["SubnetIds"]) == 3


def test_what_follows_from_events_is_computed_here(second: dict[str, Template]) -> None:
    """The same applications, the same empty stores; no bucket copies itself anywhere."""
    usual = json.loads(synthesized(settings("production"))["data"])
    assert second["data"] == usual
    for _, bucket in resources(second["data"], "AWS::S3::Bucket"):
        assert "ReplicationConfiguration" not in bucket["Properties"]


def test_the_copier_reads_there_and_writes_here_and_nothing_else(
    second: dict[str, Template],
) -> None:
    policies = Policies(Environment(second))
    role = policies.role("processing", "ReplicationRole")
    here = policies.environment.attribute(
        "data", next(name for name, _ in resources(second["data"], "AWS::MSK::Cluster")), "Arn"
    )

    def may(action: str, cluster: str, topic: str) -> bool:
        arn = f"{cluster.replace(':cluster/', ':topic/')}/{topic}"
        return policies.allows(role, f"kafka-cluster:{action}", arn)

    for topic in TOPICS:
        copied = topic != ALERTS
        assert may("ReadData", SOURCE, topic.name) is copied
        assert may("WriteData", here, topic.name) is copied
        assert not may("WriteData", SOURCE, topic.name)
        assert not may("ReadData", here, topic.name)
        for cluster in (SOURCE, here):
            for action in ("CreateTopic", "AlterTopic", "DeleteTopic"):
                assert not may(action, cluster, topic.name)
    internal = "__amazon_msk_replicator_heartbeats"
    assert may("CreateTopic", here, internal)
    assert not may("DeleteTopic", here, internal)


def test_the_region_that_is_copied_lets_the_service_join(first: dict[str, Template]) -> None:
    ((_, cluster),) = resources(first["data"], "AWS::MSK::Cluster")
    assert cluster["Properties"]["BrokerNodeGroupInfo"]["ConnectivityInfo"] == {
        "VpcConnectivity": {"ClientAuthentication": {"Sasl": {"Iam": {"Enabled": True}}}}
    }
    (statement,) = (
        statement
        for _, statement in Policies(Environment(first)).resource_policies
        if statement.place.startswith("data/KafkaPolicy")
    )
    assert statement.principals == ("kafka.amazonaws.com",)
    assert set(statement.actions) == {
        "kafka:CreateVpcConnection",
        "kafka:DescribeClusterV2",
        "kafka:GetBootstrapBrokers",
    }
    assert statement.conditions == {"StringEquals": {"aws:SourceAccount": "111122223333"}}


@pytest.mark.parametrize("chosen", [FIRST, SECOND], ids=["copied from", "copied to"])
def test_both_sides_keep_every_rule(chosen: EnvironmentSettings) -> None:
    written = synthesized(chosen, AwsSolutionsChecks())
    assert linted(written) == []
    parsed = {stack: json.loads(text) for stack, text in written.items()}
    assert findings(Policies(Environment(parsed))) == []

"""The source topics of another region's cluster, copied here by MSK Replicator.

Nothing derived is copied: Iceberg's metadata holds absolute paths, and answers follow from events.
"""

from __future__ import annotations

from aws_cdk import aws_iam as iam
from aws_cdk import aws_msk as msk
from constructs import Construct

from cdk.foundation import Foundation
from cdk.grants import allow, on_behalf_of_account
from cdk.kafka.cluster import KafkaCluster, arn_inside
from cdk.log_retention import log_group
from cdk.settings.parts import ReplicationSource
from contracts.topics import SOURCES

# Topics and groups of the service itself on both sides. Their names are documented.
_INTERNAL = ("*__amazon_msk_replicator_*", "mskr-offset-syncs.*", "*.checkpoints.internal")
_INTERNAL_GROUPS = "*__amazon_msk_replicator_*"
_WHY = "The service names its own topics and groups when it starts."
_CONNECT = ("kafka-cluster:Connect", "kafka-cluster:DescribeCluster")
_IDEMPOTENT = "kafka-cluster:WriteDataIdempotently"
_DESCRIBE = ("kafka-cluster:DescribeTopic", "kafka-cluster:DescribeTopicDynamicConfiguration")
_KEEP = (
    *_DESCRIBE,
    *("kafka-cluster:AlterTopic", "kafka-cluster:AlterTopicDynamicConfiguration"),
    *("kafka-cluster:CreateTopic", "kafka-cluster:ReadData", "kafka-cluster:WriteData"),
)


class TopicReplication(Construct):
    """Topics keep their names and have this environment's own settings. Records get new append
    times and new offsets here, so every answer is computed from them anew."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        foundation: Foundation,
        source: ReplicationSource,
        kafka: KafkaCluster,
    ) -> None:
        super().__init__(scope, id)
        group = foundation.security_group(self, "Network", "Topic replication")
        kafka.allow_from(group)
        role = self._role(source.cluster_arn, kafka.cluster_arn)
        replicator = msk.CfnReplicator(
            self,
            "Replicator",
            replicator_name=foundation.settings.name("replicator"),
            service_execution_role_arn=role.role_arn,
            kafka_clusters=[
                _cluster(source.cluster_arn, source.subnets, None),
                _cluster(kafka.cluster_arn, foundation.subnet_ids, [group.security_group_id]),
            ],
            replication_info_list=[_replication(source.cluster_arn, kafka.cluster_arn)],
            log_delivery=msk.CfnReplicator.LogDeliveryProperty(
                replicator_log_delivery=msk.CfnReplicator.ReplicatorLogDeliveryProperty(
                    cloud_watch_logs=msk.CfnReplicator.CloudWatchLogsProperty(
                        enabled=True, log_group=log_group(self, "Logs", foundation).log_group_name
                    )
                )
            ),
        )
        # It connects as soon as it is made.
        replicator.node.add_dependency(role.node.find_child("DefaultPolicy"))

    def _role(self, source: str, target: str) -> iam.Role:
        role = iam.Role(
            self,
            "Role",
            description="Copy the source topics of another region",
            assumed_by=on_behalf_of_account("kafka.amazonaws.com"),
        )
        allow(role, [*_CONNECT, _IDEMPOTENT], [source, target])
        topics = [topic.name for topic in SOURCES]
        allow(
            role,
            [*_DESCRIBE, "kafka-cluster:ReadData"],
            [arn_inside(source, "topic", name) for name in topics],
        )
        allow(
            role,
            [*_DESCRIBE, "kafka-cluster:WriteData"],
            [arn_inside(target, "topic", name) for name in topics],
        )
        internal = [
            arn_inside(cluster, "topic", name) for cluster in (source, target) for name in _INTERNAL
        ]
        allow(role, _KEEP, internal, because=_WHY)
        allow(
            role,
            ["kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"],
            [arn_inside(target, "group", _INTERNAL_GROUPS)],
            because=_WHY,
        )
        return role


def _cluster(
    arn: str, subnets: tuple[str, ...] | list[str], security_groups: list[str] | None
) -> msk.CfnReplicator.KafkaClusterProperty:
    """A source in another region has no security groups, because its private connectivity reaches
    it."""
    kind = msk.CfnReplicator
    return kind.KafkaClusterProperty(
        amazon_msk_cluster=kind.AmazonMskClusterProperty(msk_cluster_arn=arn),
        vpc_config=kind.KafkaClusterClientVpcConfigProperty(
            subnet_ids=list(subnets), security_group_ids=security_groups
        ),
    )


def _replication(source: str, target: str) -> msk.CfnReplicator.ReplicationInfoProperty:
    kind = msk.CfnReplicator
    return kind.ReplicationInfoProperty(
        source_kafka_cluster_arn=source,
        target_kafka_cluster_arn=target,
        # As the producers write.
        target_compression_type="LZ4",
        topic_replication=kind.TopicReplicationProperty(
            topics_to_replicate=[topic.name for topic in SOURCES],
            topic_name_configuration=kind.ReplicationTopicNameConfigurationProperty(
                type="IDENTICAL"
            ),
            # Answers can be computed anew from everything that Kafka still has.
            starting_position=kind.ReplicationStartingPositionProperty(type="EARLIEST"),
            copy_topic_configurations=False,
            copy_access_control_lists_for_topics=False,
            detect_and_copy_new_topics=False,
        ),
        # The applications' offsets are in Postgres. Those of another cluster mean nothing here.
        consumer_group_replication=kind.ConsumerGroupReplicationProperty(
            consumer_groups_to_replicate=[],
            detect_and_copy_new_consumer_groups=False,
            synchronise_consumer_group_offsets=False,
        ),
    )

"""The Kafka cluster: MSK Express, IAM and TLS only, with the topics of the contracts."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence

from aws_cdk import Fn, RemovalPolicy, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_msk as msk
from constructs import Construct

from cdk.foundation import Foundation
from cdk.grants import allow, on_behalf_of_account
from cdk.log_retention import log_group
from cdk.outputs import tell
from contracts.aws.releases import KAFKA_VERSION
from contracts.topics import TOPICS, Topic, replicas

IAM_PORT = 9098
# Express sets replication 3 and two in-sync replicas itself and refuses both as settings.
_SERVER_PROPERTIES = "auto.create.topics.enable=false\n"


class KafkaCluster(Construct):
    """Clients connect with IAM on port 9098. They ask `kafka:GetBootstrapBrokers` for the brokers'
    addresses, because CloudFormation does not know them."""

    def __init__(self, scope: Construct, id: str, *, foundation: Foundation) -> None:
        super().__init__(scope, id)
        settings = foundation.settings
        self.security_group = foundation.security_group(self, "SecurityGroup", "Kafka brokers")
        # The pollers of Lambda's event sources live in the security group of the brokers.
        inside = ec2.Port.tcp(IAM_PORT)
        self.security_group.add_ingress_rule(self.security_group, inside)
        self.security_group.add_egress_rule(self.security_group, inside)
        self._cluster = self._brokers(foundation)
        # Everything that connects is in other stacks.
        self.cluster_arn = Stack.of(self).export_value(self._cluster.attr_arn)
        tell(Stack.of(self), KafkaCluster=self._cluster.attr_arn)
        for topic in TOPICS:
            self._topic(topic, settings.kafka.brokers)
        if settings.kafka.replicated:
            self._open_to_replication()

    def allow_from(self, peer: ec2.IConnectable) -> None:
        """Let `peer` reach the brokers."""
        # The rule stands in the peer's stack: that one depends on this one, never the reverse.
        peer.connections.allow_to(self.security_group, ec2.Port.tcp(IAM_PORT))

    def grant_read(
        self, grantee: iam.IGrantable, topics: Sequence[Topic], group_prefix: str
    ) -> None:
        """Read `topics` in consumer groups whose names begin with `group_prefix`."""
        self.grant_look(grantee, topics)
        allow(
            grantee,
            ["kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"],
            [self._arn("group", f"{group_prefix}*")],
            because="Spark numbers its groups behind a prefix, at each start anew.",
        )

    def grant_look(self, grantee: iam.IGrantable, topics: Sequence[Topic]) -> None:
        """Read `topics` outside of any group."""
        self._grant_connect(grantee)
        allow(
            grantee,
            ["kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"],
            [self._arn("topic", topic.name) for topic in topics],
        )

    def grant_poll(
        self, grantee: iam.IGrantable, topics: Sequence[Topic], group_prefix: str
    ) -> None:
        """Read as an event source of Lambda does, which first describes the cluster."""
        self.grant_read(grantee, topics, group_prefix)
        allow(
            grantee,
            ["kafka:DescribeCluster", "kafka-cluster:DescribeClusterDynamicConfiguration"],
            [self.cluster_arn],
        )

    def grant_find(self, grantee: iam.IGrantable) -> None:
        """Ask where the brokers are, without a way in."""
        allow(grantee, ["kafka:GetBootstrapBrokers"], [self.cluster_arn])

    def grant_write(self, grantee: iam.IGrantable, topics: Sequence[Topic]) -> None:
        """Write `topics`, as an idempotent producer does."""
        self._grant_connect(grantee)
        allow(grantee, ["kafka-cluster:WriteDataIdempotently"], [self.cluster_arn])
        allow(
            grantee,
            ["kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"],
            [self._arn("topic", topic.name) for topic in topics],
        )

    def _brokers(self, foundation: Foundation) -> msk.CfnCluster:
        settings = foundation.settings
        name = settings.name("kafka")
        configuration = msk.CfnConfiguration(
            self, "Configuration", name=name, server_properties=_SERVER_PROPERTIES
        )
        cluster = msk.CfnCluster(
            self,
            "Cluster",
            cluster_name=name,
            kafka_version=KAFKA_VERSION,
            number_of_broker_nodes=settings.kafka.brokers,
            broker_node_group_info=msk.CfnCluster.BrokerNodeGroupInfoProperty(
                client_subnets=foundation.subnet_ids,
                connectivity_info=_private_connectivity() if settings.kafka.replicated else None,
                instance_type=settings.kafka.broker_type,
                security_groups=[self.security_group.security_group_id],
            ),
            client_authentication=_iam_only(),
            configuration_info=msk.CfnCluster.ConfigurationInfoProperty(
                arn=configuration.attr_arn,
                revision=configuration.attr_latest_revision_revision,
            ),
            encryption_info=_encrypted(foundation.key),
            # The lag of a group is in it, by topic. Nothing here reads other metrics of a topic.
            enhanced_monitoring="PER_BROKER",
            logging_info=self._logging(foundation),
        )
        cluster.apply_removal_policy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
        return cluster

    def _topic(self, topic: Topic, brokers: int) -> None:
        configuration = json.dumps(topic.configuration, sort_keys=True)
        resource = msk.CfnTopic(
            self,
            f"Topic-{topic.schema}",
            cluster_arn=self._cluster.attr_arn,
            topic_name=topic.name,
            partition_count=topic.cloud_partitions,
            replication_factor=replicas(brokers),
            configs=base64.b64encode(configuration.encode()).decode(),
        )
        resource.apply_removal_policy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)

    def _open_to_replication(self) -> None:
        """Let MSK find and join the cluster on behalf of a replicator in another region. The
        replicator's role decides what may be read."""
        statement = iam.PolicyStatement(
            principals=[on_behalf_of_account("kafka.amazonaws.com")],
            actions=[
                "kafka:CreateVpcConnection",
                "kafka:DescribeClusterV2",
                "kafka:GetBootstrapBrokers",
            ],
            resources=[self._cluster.attr_arn],
        )
        msk.CfnClusterPolicy(
            self,
            "Policy",
            cluster_arn=self._cluster.attr_arn,
            policy=iam.PolicyDocument(statements=[statement]),
        )

    def _logging(self, foundation: Foundation) -> msk.CfnCluster.LoggingInfoProperty:
        kind = msk.CfnCluster
        # The authorizer says which client was refused what: the first place to look when one cannot
        # connect.
        brokers, authorizer = (
            kind.CloudWatchLogsProperty(
                enabled=True, log_group=log_group(self, name, foundation).log_group_name
            )
            for name in ("BrokerLogs", "AuthorizerLogs")
        )
        return kind.LoggingInfoProperty(
            authorizer_logs=kind.AuthorizerLogsProperty(cloud_watch_logs=authorizer),
            broker_logs=kind.BrokerLogsProperty(cloud_watch_logs=brokers),
        )

    def _grant_connect(self, grantee: iam.IGrantable) -> None:
        allow(
            grantee,
            [
                "kafka-cluster:Connect",
                "kafka-cluster:DescribeCluster",
                "kafka:DescribeClusterV2",
                "kafka:GetBootstrapBrokers",
            ],
            [self.cluster_arn],
        )

    def _arn(self, kind: str, name: str) -> str:
        return arn_inside(self.cluster_arn, kind, name)


def arn_inside(cluster_arn: str, kind: str, name: str) -> str:
    """The ARN of a topic or of a consumer group of the cluster."""
    parts = Fn.split(":cluster/", cluster_arn)
    return Fn.join("", [Fn.select(0, parts), f":{kind}/", Fn.select(1, parts), f"/{name}"])


def _iam_only() -> msk.CfnCluster.ClientAuthenticationProperty:
    return msk.CfnCluster.ClientAuthenticationProperty(
        sasl=msk.CfnCluster.SaslProperty(iam=msk.CfnCluster.IamProperty(enabled=True)),
        unauthenticated=msk.CfnCluster.UnauthenticatedProperty(enabled=False),
    )


def _encrypted(key: kms.IKey) -> msk.CfnCluster.EncryptionInfoProperty:
    kind = msk.CfnCluster
    return kind.EncryptionInfoProperty(
        encryption_at_rest=kind.EncryptionAtRestProperty(data_volume_kms_key_id=key.key_arn),
        encryption_in_transit=kind.EncryptionInTransitProperty(
            client_broker="TLS", in_cluster=True
        ),
    )


def _private_connectivity() -> msk.CfnCluster.ConnectivityInfoProperty:
    kind = msk.CfnCluster
    return kind.ConnectivityInfoProperty(
        vpc_connectivity=kind.VpcConnectivityProperty(
            client_authentication=kind.VpcConnectivityClientAuthenticationProperty(
                sasl=kind.VpcConnectivitySaslProperty(
                    iam=kind.VpcConnectivityIamProperty(enabled=True)
                )
            )
        )
    )

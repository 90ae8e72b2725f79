"""The hot store: Valkey in cluster mode, IAM and TLS only, resharded while it runs."""

from __future__ import annotations

from aws_cdk import ArnFormat, CfnUpdatePolicy, RemovalPolicy, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticache as elasticache
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from cdk.foundation import Foundation
from cdk.grants import acknowledge, allow
from cdk.log_retention import log_group
from contracts.valkey_url import ValkeyUrl

PORT = 6379
# What the users may do. Dangerous commands tell of the server or block it, KEYS for one; clients of
# a cluster ask where its slots are.
JOBS_ACCESS = "on ~* +@all -@admin -@dangerous +cluster|slots"
READER_ACCESS = (
    "on ~* -@all +@read +@connection -@dangerous +cluster|nodes +cluster|shards +cluster|slots"
)
# Reasons why findings of cdk-nag are accepted.
_USERS = "Users are IAM users of a user group; the rule knows the AUTH token alone."
_ALONE = "Without replicas there is nothing to spread; the store is rebuilt."
_OFF = "Its user is off: there is nothing to rotate it for."


class Valkey(Construct):
    """It has two IAM users: `user` may do everything to keys and nothing to the server, `reader`
    may read keys."""

    def __init__(self, scope: Construct, id: str, *, foundation: Foundation) -> None:
        super().__init__(scope, id)
        settings = foundation.settings
        self.replication_group_id = settings.name("valkey")
        # IAM requires that the user's id equals the user's name.
        self.user = settings.name("jobs")
        self.reader = settings.name("reader")
        self.security_group = foundation.security_group(self, "SecurityGroup", "Valkey nodes")
        self._group = self._nodes(foundation)
        acknowledge(self._group, {"AwsSolutions-AEC6": _USERS})
        if settings.valkey.replicas == 0:
            acknowledge(self._group, {"AwsSolutions-AEC4": _ALONE})

    @property
    def host(self) -> str:
        """The name that leads to the nodes."""
        return str(self._group.attr_configuration_end_point_address)

    @property
    def url(self) -> str:
        """The address of the cluster, and the user that an application signs in as."""
        return str(ValkeyUrl(((self.host, PORT),), user=self.user, cache=self.replication_group_id))

    def allow_from(self, peer: ec2.IConnectable) -> None:
        """Let `peer` reach the nodes."""
        # The rule stands in the peer's stack: that one depends on this one, never the reverse.
        peer.connections.allow_to(self.security_group, ec2.Port.tcp(PORT))

    def grant_connect(self, grantee: iam.IGrantable, user: str) -> None:
        """Connect as `user`, who is one of the IAM users."""
        named = (("replicationgroup", self.replication_group_id), ("user", user))
        arns = [
            Stack.of(self).format_arn(
                service="elasticache",
                resource=kind,
                resource_name=name,
                arn_format=ArnFormat.COLON_RESOURCE_NAME,
            )
            for kind, name in named
        ]
        allow(grantee, ["elasticache:Connect"], arns)

    def _nodes(self, foundation: Foundation) -> elasticache.CfnReplicationGroup:
        sizes = foundation.settings.valkey
        subnet_group = elasticache.CfnSubnetGroup(
            self,
            "Subnets",
            cache_subnet_group_name=self.replication_group_id,
            description="Private subnets",
            subnet_ids=foundation.subnet_ids,
        )
        group = elasticache.CfnReplicationGroup(
            self,
            "Group",
            replication_group_id=self.replication_group_id,
            replication_group_description="Recent views, product activity, trending products",
            engine="valkey",
            engine_version=sizes.version,
            cache_node_type=sizes.node_type,
            num_node_groups=sizes.shards,
            replicas_per_node_group=sizes.replicas,
            cluster_mode="enabled",
            cache_parameter_group_name=f"default.valkey{sizes.version.split('.')[0]}.cluster.on",
            automatic_failover_enabled=True,
            multi_az_enabled=sizes.replicas > 0,
            port=PORT,
            cache_subnet_group_name=subnet_group.ref,
            security_group_ids=[self.security_group.security_group_id],
            transit_encryption_enabled=True,
            transit_encryption_mode="required",
            at_rest_encryption_enabled=True,
            kms_key_id=foundation.key.key_arn,
            user_group_ids=[self._users(foundation).ref],
            log_delivery_configurations=[self._slow_log(foundation)],
        )
        group.cfn_options.update_policy = CfnUpdatePolicy(use_online_resharding=True)
        group.apply_removal_policy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
        return group

    def _users(self, foundation: Foundation) -> elasticache.CfnUserGroup:
        # A user group of Valkey has a default user, which needs a way to sign in (ElastiCache's
        # guide, "RBAC"). This one is off, and nobody knows its password.
        password = secretsmanager.Secret(
            self,
            "DefaultPassword",
            description="Of a user that is off",
            encryption_key=foundation.key,
            generate_secret_string=secretsmanager.SecretStringGenerator(
                exclude_punctuation=True, password_length=64
            ),
            removal_policy=RemovalPolicy.DESTROY,
        )
        acknowledge(password, {"AwsSolutions-SMG4": _OFF})
        closed = elasticache.CfnUser(
            self,
            "Default",
            engine="valkey",
            user_id=foundation.settings.name("default"),
            user_name="default",
            access_string="off ~* -@all",
            authentication_mode={
                "Type": "password",
                "Passwords": [password.secret_value.unsafe_unwrap()],
            },
        )
        users = [
            elasticache.CfnUser(
                self,
                id,
                engine="valkey",
                user_id=name,
                user_name=name,
                access_string=access,
                authentication_mode={"Type": "iam"},
            )
            for id, name, access in (
                ("Jobs", self.user, JOBS_ACCESS),
                ("Reader", self.reader, READER_ACCESS),
            )
        ]
        return elasticache.CfnUserGroup(
            self,
            "Users",
            engine="valkey",
            user_group_id=foundation.settings.name("users"),
            user_ids=[closed.ref, *(each.ref for each in users)],
        )

    def _slow_log(
        self, foundation: Foundation
    ) -> elasticache.CfnReplicationGroup.LogDeliveryConfigurationRequestProperty:
        group = log_group(self, "SlowLog", foundation)
        replication_group = elasticache.CfnReplicationGroup
        return replication_group.LogDeliveryConfigurationRequestProperty(
            destination_type="cloudwatch-logs",
            destination_details=replication_group.DestinationDetailsProperty(
                cloud_watch_logs_details=replication_group.CloudWatchLogsDestinationDetailsProperty(
                    log_group=group.log_group_name
                )
            ),
            log_format="json",
            log_type="slow-log",
        )

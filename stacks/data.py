"""What must outlive every deployment: Kafka, schemas, the lake, Postgres and Valkey."""

from __future__ import annotations

from aws_cdk import Aws, Environment, RemovalPolicy, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from cdk.assets.build_folder import Assets
from cdk.foundation import Foundation
from cdk.grants import on_behalf_of_account
from cdk.kafka.cluster import KafkaCluster
from cdk.kafka.registry import SchemaRegistry
from cdk.lake.backup import LakeBackup
from cdk.lake.tables import Lake
from cdk.outputs import tell
from cdk.settings import EnvironmentSettings
from cdk.stores.postgres import Postgres
from cdk.stores.valkey import Valkey
from contracts.topics import TOPICS
from stacks.network import PRIVATE, NetworkStack


class DataStack(Stack):
    """Stateful: everything in it is kept when the stack is deleted. `foundation` is what the
    constructs of the later stacks stand on too."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: EnvironmentSettings,
        network: NetworkStack,
        assets: Assets,
        env: Environment | None = None,
    ) -> None:
        super().__init__(scope, id, env=env, termination_protection=settings.deletion_protection)
        self.key = _key(self, settings)
        subnets = ec2.SubnetSelection(subnet_group_name=PRIVATE)
        foundation = Foundation(settings, assets, network.vpc, subnets, self.key)
        self.foundation = foundation
        self.kafka = KafkaCluster(self, "Kafka", foundation=foundation)
        self.registry = SchemaRegistry(self, "Registry", settings=settings)
        self.lake = Lake(self, "Lake", settings=settings, key=self.key)
        if settings.lake.backup_days:
            LakeBackup(self, "LakeBackup", settings=settings, lake=self.lake)
        self.postgres = Postgres(self, "Postgres", foundation=foundation)
        self.valkey = Valkey(self, "Valkey", foundation=foundation)
        tell(
            self,
            TopicNames=", ".join(topic.name for topic in TOPICS),
            SchemaRegistry=self.registry.registry_name,
            LakeBucket=self.lake.bucket.bucket_name,
            PostgresEndpoint=self.postgres.cluster.cluster_endpoint.hostname,
            ValkeyEndpoint=self.valkey.host,
        )


def _key(scope: Construct, settings: EnvironmentSettings) -> kms.Key:
    key = kms.Key(
        scope,
        "Key",
        alias=settings.name("data"),
        description="Data of the shop at rest",
        enable_key_rotation=True,
        removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    )
    key.grant_encrypt_decrypt(
        iam.ServicePrincipal(
            f"logs.{Aws.REGION}.amazonaws.com",
            conditions={
                "ArnLike": {
                    "kms:EncryptionContext:aws:logs:arn": (
                        f"arn:{Aws.PARTITION}:logs:{Aws.REGION}:{Aws.ACCOUNT_ID}:log-group:*"
                    )
                }
            },
        )
    )
    # Alarms and budgets publish to encrypted topics and need only this (SNS' guide, "Enable
    # compatibility between event sources from AWS services and encrypted topics").
    for service in ("cloudwatch", "budgets"):
        publisher = on_behalf_of_account(f"{service}.amazonaws.com")
        key.grant(publisher, "kms:Decrypt", "kms:GenerateDataKey*")
    return key

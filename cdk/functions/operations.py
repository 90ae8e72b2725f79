"""What operators do from outside: brokers and stores stand in private subnets."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from constructs import Construct

from cdk.foundation import Foundation
from cdk.functions.platform_function import PlatformFunction
from cdk.grants import allow, people_of_account
from cdk.kafka.cluster import KafkaCluster
from cdk.kafka.registry import SchemaRegistry
from cdk.stores.postgres import Postgres
from contracts.aws.spark_submit import DATABASE_ROOTS_FILE
from contracts.tables.roles import OPERATOR, READER
from contracts.topics import TOPICS


class Operations(Construct):
    """A function inside the network that reads Postgres and the topics for whoever may invoke it,
    and does the remedies of the runbook; and `role`, which may."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        foundation: Foundation,
        postgres: Postgres,
        kafka: KafkaCluster,
        registry: SchemaRegistry,
    ) -> None:
        super().__init__(scope, id)
        settings = foundation.settings
        self.function = PlatformFunction(
            self,
            "Function",
            foundation=foundation,
            name="operations",
            description="Answer operators about what runs",
            environment={
                "POSTGRES_URL": postgres.url(READER, DATABASE_ROOTS_FILE),
                "OPERATOR_URL": postgres.url(OPERATOR, DATABASE_ROOTS_FILE),
                "KAFKA": kafka.cluster_arn,
                "REGISTRY": registry.spec,
            },
            timeout=Duration.seconds(30),
            physical_name=settings.name("operations"),
        )
        for user in (READER, OPERATOR):
            postgres.grant_connect(self.function, user)
        postgres.allow_from(self.function)
        kafka.grant_look(self.function, TOPICS)
        kafka.allow_from(self.function)
        registry.grant_read(self.function)
        self.role = iam.Role(
            self,
            "Role",
            description="Ask what runs",
            assumed_by=people_of_account(with_mfa=settings.people_with_mfa),
        )
        allow(self.role, ["lambda:InvokeFunction"], [self.function.function_arn])

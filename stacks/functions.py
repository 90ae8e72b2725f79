"""Functions around the streams: migrations, notifications, the query API and the canary."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from aws_cdk import Duration, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from cdk.assets.build_folder import Assets
from cdk.functions.deployment_step import DeploymentStep
from cdk.functions.http_api import HttpApi
from cdk.functions.platform_function import FunctionDefaults, PlatformFunction
from cdk.grants import allow
from cdk.kafka.event_source import KafkaEventSource
from cdk.lake.analysts import Analysts
from cdk.lake.table_optimizers import TableOptimizers
from cdk.settings import EnvironmentSettings
from cdk.stores.postgres import ADMIN
from contracts.tables import ddl
from contracts.tables.grants import role_statements
from contracts.tables.roles import NOTIFIER, READER
from contracts.topics import ALERTS, ORDERS
from stacks.data import DataStack
from stacks.network import PRIVATE, NetworkStack

# A file beside the handlers in their bundle.
_ROOTS = "rds-roots.pem"
_SIGN_IN_ROLE = "rds_iam"
CANARY_EVERY = Duration.minutes(5)
_CANARY_PATIENCE_SECONDS = 120


class FunctionsStack(Stack):
    """`functions` by name. `notifications` carries alerts to people. `api`, behind its authorizer,
    is the only public part."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: EnvironmentSettings,
        network: NetworkStack,
        data: DataStack,
        assets: Assets,
    ) -> None:
        super().__init__(scope, id)
        self._settings, self._data = settings, data
        subnets = ec2.SubnetSelection(subnet_group_name=PRIVATE)
        self._defaults = FunctionDefaults(settings, assets, network.vpc, subnets, data.key)
        self._registry = f"glue:{data.registry.registry_name}"
        self.notifications = self._topic()
        self.functions: Mapping[str, PlatformFunction] = {
            "migrations": self._migrations(),
            "alert_notifier": self._alert_notifier(),
            "query_api": self._query_api(),
            "canary": self._canary(),
            "table_optimizers": TableOptimizers(
                self, "TableOptimizers", defaults=self._defaults, lake=data.lake
            ).function,
        }
        Analysts(self, "Analysts", settings=settings, lake=data.lake, postgres=data.postgres)
        self.api = HttpApi(
            self, "Api", settings=settings, key=data.key, function=self.functions["query_api"]
        )

    def _topic(self) -> sns.Topic:
        topic = sns.Topic(
            self,
            "Notifications",
            display_name="Alerts of the shop",
            master_key=self._data.key,
            enforce_ssl=True,
        )
        if self._settings.alarm_email:
            topic.add_subscription(subscriptions.EmailSubscription(self._settings.alarm_email))
        return topic

    def _migrations(self) -> PlatformFunction:
        postgres = self._data.postgres
        function = PlatformFunction(
            self,
            "Migrations",
            defaults=self._defaults,
            name="migrations",
            description="Bring Postgres to the tables and users of the contracts",
            environment={
                "POSTGRES_URL": postgres.url(ADMIN, _ROOTS),
                "POSTGRES_SECRET": postgres.secret.secret_arn,
                "SIGN_IN_ROLE": _SIGN_IN_ROLE,
            },
            timeout=Duration.minutes(5),
        )
        postgres.grant_admin(function)
        postgres.allow_from(function)
        DeploymentStep(
            self,
            "Tables",
            settings=self._settings,
            key=self._data.key,
            function=function,
            properties={"Statements": _digest(*ddl(), *role_statements(_SIGN_IN_ROLE))},
        )
        return function

    def _alert_notifier(self) -> PlatformFunction:
        data = self._data
        function = PlatformFunction(
            self,
            "AlertNotifier",
            defaults=self._defaults,
            name="alert_notifier",
            description="Tell people of alerts, once each",
            environment={
                "POSTGRES_URL": data.postgres.url(NOTIFIER, _ROOTS),
                "REGISTRY": self._registry,
                "NOTIFICATIONS_TOPIC": self.notifications.topic_arn,
            },
            # Shorter than a claim lasts: after that, another call may send the same alert.
            timeout=Duration.seconds(60),
        )
        data.postgres.grant_connect(function, NOTIFIER)
        data.postgres.allow_from(function)
        data.registry.grant_read(function)
        allow(function, ["sns:Publish"], [self.notifications.topic_arn])
        data.key.grant(function, "kms:Decrypt", "kms:GenerateDataKey")
        KafkaEventSource(
            self,
            "Alerts",
            function=function,
            kafka=data.kafka,
            lake=data.lake,
            topic=ALERTS,
            group=self._settings.name("alert-notifier"),
        )
        return function

    def _query_api(self) -> PlatformFunction:
        function = PlatformFunction(
            self,
            "QueryApi",
            defaults=self._defaults,
            name="query_api",
            description="Order metrics, alerts and the ledger over HTTP",
            environment={"POSTGRES_URL": self._data.postgres.url(READER, _ROOTS)},
            timeout=Duration.seconds(15),
        )
        self._data.postgres.grant_connect(function, READER)
        self._data.postgres.allow_from(function)
        return function

    def _canary(self) -> PlatformFunction:
        data = self._data
        function = PlatformFunction(
            self,
            "Canary",
            defaults=self._defaults,
            name="canary",
            description="An order through everything, every few minutes",
            environment={
                "KAFKA": data.kafka.cluster_arn,
                "REGISTRY": self._registry,
                "POSTGRES_URL": data.postgres.url(READER, _ROOTS),
                "PATIENCE_SECONDS": str(_CANARY_PATIENCE_SECONDS),
            },
            timeout=Duration.seconds(_CANARY_PATIENCE_SECONDS + 60),
        )
        data.kafka.grant_write(function, [ORDERS])
        data.kafka.allow_from(function)
        data.registry.grant_read(function)
        data.postgres.grant_connect(function, READER)
        data.postgres.allow_from(function)
        rule = events.Rule(self, "CanarySchedule", schedule=events.Schedule.rate(CANARY_EVERY))
        # The next call comes anyway, and a second try would measure itself.
        rule.add_target(targets.LambdaFunction(function, retry_attempts=0))
        return function


def _digest(*statements: str) -> str:
    return hashlib.sha256("\n".join(statements).encode()).hexdigest()

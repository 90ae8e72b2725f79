"""Functions around the streams: migrations, notifications, the query API and the canary."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from aws_cdk import Duration, Environment, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from cdk.functions.deployment_step import DeploymentStep
from cdk.functions.http_api import HttpApi
from cdk.functions.operations import Operations
from cdk.functions.platform_function import PlatformFunction
from cdk.grants import allow
from cdk.kafka.event_source import KafkaEventSource
from cdk.lake.analysts import Analysts
from cdk.lake.table_optimizers import TableOptimizers
from cdk.monitoring.functions import NOTIFIER_GROUP
from cdk.outputs import tell
from cdk.stores.postgres import ADMIN
from cdk.stores.valkey_readers import ValkeyReaders
from contracts.aws.spark_submit import DATABASE_ROOTS_FILE
from contracts.tables.grants import role_statements
from contracts.tables.postgres import ddl
from contracts.tables.roles import NOTIFIER, READER
from contracts.topics import ALERTS, ORDERS
from stacks.data import DataStack

_SIGN_IN_ROLE = "rds_iam"
CANARY_EVERY = Duration.minutes(5)
_CANARY_PATIENCE_SECONDS = 120


class FunctionsStack(Stack):
    """`functions` by name. `notifications` carries alerts to people. `api`, behind its authorizer,
    is the only public part; where it is None, nothing is public. `alerts_source_id` is what hands
    alerts to the notifier."""

    def __init__(
        self, scope: Construct, id: str, *, data: DataStack, env: Environment | None = None
    ) -> None:
        super().__init__(scope, id, env=env)
        self._data, self._foundation = data, data.foundation
        settings = self._foundation.settings
        self.notifications = self._topic()
        query_api = None if settings.api == "none" else self._query_api()
        operations = Operations(
            self,
            "Operations",
            foundation=self._foundation,
            postgres=data.postgres,
            kafka=data.kafka,
            registry=data.registry,
        )
        self.functions: Mapping[str, PlatformFunction] = {
            "migrations": self._migrations(),
            "alert_notifier": self._alert_notifier(),
            **({"query_api": query_api} if query_api else {}),
            "canary": self._canary(),
            "operations": operations.function,
            "table_optimizers": TableOptimizers(
                self, "TableOptimizers", foundation=self._foundation, lake=data.lake
            ).function,
        }
        self._people(operations)
        self.api = (
            HttpApi(self, "Api", foundation=self._foundation, function=query_api)
            if query_api
            else None
        )
        if self.api is not None:
            tell(self, ApiUrl=self.api.api_endpoint, **self.api.readers)

    def _people(self, operations: Operations) -> None:
        """Who may look: analysts, operators, and the shop's own applications."""
        data = self._data
        analysts = Analysts(
            self,
            "Analysts",
            settings=self._foundation.settings,
            lake=data.lake,
            postgres=data.postgres,
        )
        # What was put aside is in bronze.
        analysts.grant_ask(operations.role, *data.lake.databases)
        readers = ValkeyReaders(
            self, "ValkeyReaders", foundation=self._foundation, valkey=data.valkey
        )
        tell(
            self,
            ValkeyReader=data.valkey.reader,
            ValkeyReadersRole=readers.role.role_arn,
            ValkeyReadersSecurityGroup=readers.security_group.security_group_id,
            NotificationsTopic=self.notifications.topic_arn,
            AnalystsRole=analysts.role.role_arn,
            AnalystsWorkgroup=analysts.workgroup_name,
            OperatorsRole=operations.role.role_arn,
        )

    def _topic(self) -> sns.Topic:
        topic = sns.Topic(
            self,
            "Notifications",
            display_name="Alerts of the shop",
            master_key=self._data.key,
            enforce_ssl=True,
        )
        if email := self._foundation.settings.alarm_email:
            topic.add_subscription(subscriptions.EmailSubscription(email))
        return topic

    def _migrations(self) -> PlatformFunction:
        postgres = self._data.postgres
        function = PlatformFunction(
            self,
            "Migrations",
            foundation=self._foundation,
            name="migrations",
            description="Bring Postgres to the tables and users of the contracts",
            environment={
                "POSTGRES_URL": postgres.url(ADMIN, DATABASE_ROOTS_FILE),
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
            foundation=self._foundation,
            function=function,
            properties={"Statements": _digest(*ddl(), *role_statements(_SIGN_IN_ROLE))},
        )
        return function

    def _alert_notifier(self) -> PlatformFunction:
        data = self._data
        function = PlatformFunction(
            self,
            "AlertNotifier",
            foundation=self._foundation,
            name="alert_notifier",
            description="Tell people of alerts, once each",
            environment={
                "POSTGRES_URL": data.postgres.url(NOTIFIER, DATABASE_ROOTS_FILE),
                "REGISTRY": data.registry.spec,
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
        source = KafkaEventSource(
            self,
            "Alerts",
            function=function,
            kafka=data.kafka,
            lake=data.lake,
            topic=ALERTS,
            group=self._foundation.settings.name(NOTIFIER_GROUP),
        )
        self.alerts_source_id = source.mapping.event_source_mapping_id
        return function

    def _query_api(self) -> PlatformFunction:
        function = PlatformFunction(
            self,
            "QueryApi",
            foundation=self._foundation,
            name="query_api",
            description="Order metrics, alerts and the ledger over HTTP",
            environment={"POSTGRES_URL": self._data.postgres.url(READER, DATABASE_ROOTS_FILE)},
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
            foundation=self._foundation,
            name="canary",
            description="An order through everything, every few minutes",
            environment={
                "KAFKA": data.kafka.cluster_arn,
                "REGISTRY": data.registry.spec,
                "POSTGRES_URL": data.postgres.url(READER, DATABASE_ROOTS_FILE),
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

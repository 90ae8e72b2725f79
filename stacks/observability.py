"""Dashboards, alarms and the people whom they notify."""

from __future__ import annotations

from collections.abc import Iterator

from aws_cdk import ReferenceStrength, Stack
from constructs import Construct

from cdk.monitoring.alarms import AlarmDefinition, Alarms
from cdk.monitoring.applications import application_alarms
from cdk.monitoring.dashboards import RowsDashboard
from cdk.monitoring.functions import function_alarms
from cdk.monitoring.operator_dashboard import operator_rows
from cdk.monitoring.operators import MonthlyBudget, OperatorTopic
from cdk.monitoring.shop_dashboard import shop_rows
from cdk.monitoring.stores import kafka_alarms, postgres_alarms, valkey_alarms
from cdk.settings import EnvironmentSettings
from stacks.data import DataStack
from stacks.functions import FunctionsStack
from stacks.processing import ProcessingStack


class ObservabilityStack(Stack):
    """Stateless: it watches the other stacks and changes nothing in them. `topic` reaches the
    people who keep the platform running. Alerts of the shop have a topic of their own."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: EnvironmentSettings,
        data: DataStack,
        processing: ProcessingStack,
        functions: FunctionsStack,
    ) -> None:
        super().__init__(scope, id)
        self._functions = {**functions.functions, "job_controller": processing.controller}
        self._api_id = functions.api.api_id
        self.topic = OperatorTopic(self, "Operators", settings=settings, key=data.key)
        self.alarms = Alarms(
            self,
            "Alarms",
            settings=settings,
            definitions=list(self._alarms(settings)),
            topic=self.topic,
        )
        MonthlyBudget(self, "Budget", settings=settings, topic=self.topic)
        RowsDashboard(
            self,
            "Operator",
            name=settings.name("operator"),
            rows=operator_rows(
                settings,
                functions=self._functions,
                api_id=self._api_id,
                cluster_id=_loosely(processing.cluster_id),
            ),
            alarms=[self.alarms.not_served, *self.alarms.by_name.values()],
        )
        RowsDashboard(self, "Shop", name=settings.name("shop"), rows=shop_rows(self._api_id))

    def _alarms(self, settings: EnvironmentSettings) -> Iterator[AlarmDefinition]:
        yield from application_alarms(settings)
        yield from function_alarms(self._functions, self._api_id)
        yield from kafka_alarms(settings)
        yield from valkey_alarms(settings)
        yield from postgres_alarms(settings)


def _loosely(cluster_id: str | None) -> str | None:
    """A changed cluster is a new one, and an export cannot change while a dashboard imports it."""
    if cluster_id is None:
        return None
    return str(Stack.consume_reference(cluster_id, ReferenceStrength.WEAK))

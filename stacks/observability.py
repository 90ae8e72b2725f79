"""Dashboards, alarms and the people whom they notify."""

from __future__ import annotations

from aws_cdk import Environment, ReferenceStrength, Stack
from constructs import Construct

from cdk.monitoring.alarms import Alarms
from cdk.monitoring.applications import application_alarms
from cdk.monitoring.dashboards import RowsDashboard
from cdk.monitoring.functions import function_alarms, notifier_alarms
from cdk.monitoring.operator_dashboard import operator_rows
from cdk.monitoring.operators import MonthlyBudget, OperatorTopic
from cdk.monitoring.shop_dashboard import shop_rows
from cdk.monitoring.stores import kafka_alarms, postgres_alarms, valkey_alarms
from cdk.outputs import tell
from stacks.data import DataStack
from stacks.functions import FunctionsStack
from stacks.processing import ProcessingStack


class ObservabilityStack(Stack):
    """Stateless: it watches the other stacks and changes nothing in them. Its topic reaches the
    people who keep the platform running. Alerts of the shop have a topic of their own."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        data: DataStack,
        processing: ProcessingStack,
        functions: FunctionsStack,
        env: Environment | None = None,
    ) -> None:
        super().__init__(scope, id, env=env)
        settings = data.foundation.settings
        watched = {**functions.functions, "job_controller": processing.controller}
        api_id = functions.api.api_id if functions.api else None
        topic = OperatorTopic(self, "Operators", settings=settings, key=data.key)
        alarms = Alarms(
            self,
            "Alarms",
            settings=settings,
            definitions=[
                *application_alarms(settings),
                *function_alarms(watched, api_id),
                *notifier_alarms(settings, functions.alerts_source_id),
                *kafka_alarms(settings),
                *valkey_alarms(settings),
                *postgres_alarms(settings),
            ],
            topic=topic,
        )
        MonthlyBudget(self, "Budget", settings=settings, topic=topic)
        RowsDashboard(
            self,
            "Operator",
            name=settings.name("operator"),
            rows=operator_rows(
                settings,
                functions=watched,
                api_id=api_id,
                cluster_id=_loosely(processing.cluster_id),
            ),
            alarms=[alarms.not_served, *alarms.by_name.values()],
        )
        RowsDashboard(self, "Shop", name=settings.name("shop"), rows=shop_rows(api_id))
        tell(self, OperatorDashboard=settings.name("operator"), ShopDashboard=settings.name("shop"))


def _loosely(cluster_id: str | None) -> str | None:
    """A changed cluster is a new one, and an export cannot change while a dashboard imports it."""
    if cluster_id is None:
        return None
    return str(Stack.consume_reference(cluster_id, ReferenceStrength.WEAK))

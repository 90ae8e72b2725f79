"""Alarms and metrics of the functions, of the HTTP API, and of an order's way to its answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from aws_cdk import aws_lambda as lambda_

from cdk.lake.table_optimizers import LOOK_EVERY
from cdk.monitoring.alarms import AlarmDefinition, MetricSource, Statistic, published
from contracts.applications import ORDER_ANSWERS
from contracts.metrics import MetricName

NOTIFIER = "alert_notifier"
# Minutes between two calls, where they are longer than an alarm's usual period. Otherwise three
# failures in a row would never be seen.
_CALLED_EVERY = {"table_optimizers": int(LOOK_EVERY.to_minutes())}
# Only deployments call it. When it fails, the deployment fails.
_OF_DEPLOYMENTS = frozenset({"migrations"})
# An order is sent every five minutes. The canary gives up on it after two.
_CANARY_SECONDS = 60


def function(each: lambda_.IFunction, metric: str, statistic: Statistic) -> MetricSource:
    return MetricSource("AWS/Lambda", metric, {"FunctionName": each.function_name}, statistic)


def http_api(api_id: str, metric: str, statistic: Statistic) -> MetricSource:
    """AWS, "CloudWatch metrics for HTTP APIs": 4xx, 5xx, Count, Latency by ApiId."""
    return MetricSource("AWS/ApiGateway", metric, {"ApiId": api_id}, statistic)


def of_notifier(metric: MetricName) -> MetricSource:
    return published(metric, "Sum", {"application": NOTIFIER})


def canary() -> MetricSource:
    return published("canary_seconds", "Maximum", {"application": ORDER_ANSWERS.name})


def function_alarms(
    functions: Mapping[str, lambda_.IFunction], api_id: str | None
) -> Iterator[AlarmDefinition]:
    """The alarms of each function by its name, of what two of them publish, and of the API, if
    there is one."""
    for name, each in functions.items():
        if name in _OF_DEPLOYMENTS:
            continue
        yield AlarmDefinition(
            name=f"{name.replace('_', '-')}-errors",
            section="function errors",
            meaning=f"The function {name} fails.",
            value=function(each, "Errors", "Sum"),
            threshold=0,
            minutes=_CALLED_EVERY.get(name, 5),
        )
    yield AlarmDefinition(
        name="notifications-failed",
        meaning="Alerts do not reach the people they are for.",
        value=of_notifier("notifications_failed"),
        threshold=0,
        # The tries follow one another at once, and after the last of them the batch is put aside.
        # In a third period there would be nothing left to see.
        periods=1,
    )
    yield AlarmDefinition(
        name="canary",
        meaning="An order takes too long from Kafka to Postgres, or does not arrive.",
        value=canary(),
        threshold=_CANARY_SECONDS,
        # A lost order is not measured.
        absent="breaching",
        serving=True,
    )
    if api_id is not None:
        yield AlarmDefinition(
            name="api-errors",
            meaning="The query API answers with errors of its own.",
            value=http_api(api_id, "5xx", "Sum"),
            threshold=0,
            serving=True,
        )

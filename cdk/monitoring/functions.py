"""Alarms and metrics of the functions, of the HTTP API, and of an order's way to its answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from aws_cdk import aws_lambda as lambda_

from cdk.lake.table_optimizers import LOOK_EVERY
from cdk.monitoring.alarms import AlarmDefinition, MetricSource, Statistic, published
from cdk.settings import EnvironmentSettings
from contracts.applications import ORDER_ANSWERS
from contracts.metrics import MetricName
from contracts.topics import ALERTS

NOTIFIER = "alert_notifier"
# The consumer group of its event source, without the environment.
NOTIFIER_GROUP = "alert-notifier"
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


def alerts_untold(settings: EnvironmentSettings) -> MetricSource:
    """How many alerts wait in Kafka for the notifier: the minimum of a period. A source that was
    disabled lags as much as one that fails."""
    dimensions = {
        "Cluster Name": settings.name("kafka"),
        "Consumer Group": settings.name(NOTIFIER_GROUP),
        "Topic": ALERTS.name,
    }
    return MetricSource("AWS/Kafka", "MaxOffsetLag", dimensions, "Minimum")


def given_up(source_id: str) -> MetricSource:
    """Records that an event source has put aside after its last try."""
    name, dimensions = (
        "OnFailureDestinationDeliveredEventCount",
        {"EventSourceMappingUUID": source_id},
    )
    return MetricSource("AWS/Lambda", name, dimensions, "Sum")


def notifier_alarms(settings: EnvironmentSettings, source_id: str) -> Iterator[AlarmDefinition]:
    """The alarms of an alert's way to people."""
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
        name="notifications-given-up",
        meaning="Alerts were put aside after the last try to tell people of them.",
        value=given_up(source_id),
        threshold=0,
        periods=1,
    )
    yield AlarmDefinition(
        name="notifications-waiting",
        meaning="Alerts wait in Kafka and nobody is told of them.",
        value=alerts_untold(settings),
        threshold=0,
        # There is no value before the first alert.
    )


def function_alarms(
    functions: Mapping[str, lambda_.IFunction], api_id: str | None
) -> Iterator[AlarmDefinition]:
    """The alarms of each function by its name, of the canary, and of the API, if there is one."""
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

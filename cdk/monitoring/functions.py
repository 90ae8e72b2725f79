"""What is looked at in the functions, the HTTP API, and on the way from an order to its answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from aws_cdk import aws_lambda as lambda_

from cdk.lake.table_optimizers import LOOK_EVERY
from cdk.monitoring.alarms import Check, Source, Statistic, published
from contracts.applications import ORDER_ANSWERS

NOTIFIER = "alert_notifier"
# Minutes between two calls, where they are more than an alarm's usual period: three failures in a
# row would never be seen.
_CALLED_EVERY = {"table_optimizers": int(LOOK_EVERY.to_minutes())}
# Only deployments call it, and they fail with it.
_OF_DEPLOYMENTS = frozenset({"migrations"})
# An order is sent every five minutes and given up on after two.
_CANARY_SECONDS = 60


def function(of: lambda_.IFunction, metric: str, statistic: Statistic) -> Source:
    return Source(
        namespace="AWS/Lambda",
        metric=metric,
        dimensions={"FunctionName": of.function_name},
        statistic=statistic,
    )


def http_api(api_id: str, metric: str, statistic: Statistic) -> Source:
    """AWS, "CloudWatch metrics for HTTP APIs": 4xx, 5xx, Count, Latency by ApiId."""
    return Source(
        namespace="AWS/ApiGateway",
        metric=metric,
        dimensions={"ApiId": api_id},
        statistic=statistic,
    )


def canary() -> Source:
    return published("canary_seconds", "Maximum", {"application": ORDER_ANSWERS.name})


def function_checks(functions: Mapping[str, lambda_.IFunction], api_id: str) -> Iterator[Check]:
    """Checks of the functions by name, of what two of them publish, and of the API."""
    for name, each in functions.items():
        if name in _OF_DEPLOYMENTS:
            continue
        yield Check(
            name=f"{name.replace('_', '-')}-errors",
            section="function errors",
            meaning=f"The function {name} fails.",
            value=function(each, "Errors", "Sum"),
            threshold=0,
            minutes=_CALLED_EVERY.get(name, 5),
            # A function that nobody calls fails at nothing.
            absent="notBreaching",
        )
    yield Check(
        name="notifications-failed",
        section="notifications failed",
        meaning="Alerts do not reach the people they are for.",
        value=published("notifications_failed", "Sum", {"application": NOTIFIER}),
        threshold=0,
        # Tries follow one another at once and the batch is put aside after the last of them: by
        # the third period there would be nothing left to see.
        periods=1,
        absent="notBreaching",
    )
    yield Check(
        name="canary",
        section="canary",
        meaning="An order takes too long from Kafka to Postgres, or does not arrive.",
        value=canary(),
        threshold=_CANARY_SECONDS,
        # An order that is lost is not measured.
        absent="breaching",
        serving=True,
    )
    yield Check(
        name="api-errors",
        section="api errors",
        meaning="The query API answers with errors of its own.",
        value=http_api(api_id, "5xx", "Sum"),
        threshold=0,
        absent="notBreaching",
        serving=True,
    )

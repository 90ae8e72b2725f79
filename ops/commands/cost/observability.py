"""Meters of CloudWatch: metrics, alarms, dashboards and logs."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from contracts.applications import APPLICATIONS
from contracts.metrics import METRICS
from ops.commands.cost import assumptions as given
from ops.commands.cost.environment import Environment
from ops.commands.cost.logs import ingested
from ops.commands.cost.usage import Usage
from ops.commands.cost.workload import DAYS, Load

# What CloudWatch keeps for ever is priced as ten years.
_FOR_EVER = 3650


def logs_and_metrics(environment: Environment, load: Load) -> Iterator[Usage]:
    """Metrics are lines of logs, so they come with the log groups."""
    yield Usage("observability", "metrics of ours", Decimal(_metrics()), "cloudwatch.metric")
    total = Decimal(0)
    for source, gigabytes in ingested(environment, load):
        total += gigabytes
        yield Usage("observability", f"logs of {source}", gigabytes, "logs.in")
    days = max(
        group.properties.get("RetentionInDays", _FOR_EVER)
        for group in environment.of("AWS::Logs::LogGroup")
    )
    what = f"logs kept {days} days"
    yield Usage("observability", what, total * days / DAYS, "logs.storage")


def alarms(environment: Environment, _load: Load) -> Iterator[Usage]:
    """An alarm costs as much as it reads metrics."""
    read = 0
    for alarm in environment.of("AWS::CloudWatch::Alarm"):
        parts = alarm.properties.get("Metrics", [])
        read += max(1, sum("MetricStat" in part for part in parts))
    yield Usage("observability", "alarms", Decimal(read), "cloudwatch.alarm")


def composite_alarms(environment: Environment, _load: Load) -> Iterator[Usage]:
    count = Decimal(len(environment.of("AWS::CloudWatch::CompositeAlarm")))
    yield Usage("observability", "composite alarms", count, "cloudwatch.composite")


def dashboards(environment: Environment, _load: Load) -> Iterator[Usage]:
    count = Decimal(len(environment.of("AWS::CloudWatch::Dashboard")))
    yield Usage("observability", "dashboards", count, "cloudwatch.dashboard")


def _metrics() -> int:
    """Each metric by every value its dimensions take, all of them at once and all month."""
    pairs = sum(len(app.reads) for app in APPLICATIONS)
    reasons = int(given.REASONS_SEEN.value)
    values = 0
    for metric in METRICS.values():
        if "reason" in metric.dimensions:
            values += pairs * reasons
        elif "topic" in metric.dimensions:
            values += pairs
        else:
            values += len(APPLICATIONS)
    return values

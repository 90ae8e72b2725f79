"""The alarms and the dashboards of an environment, as its templates have them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from cdk.settings import ENVIRONMENTS
from tests.stacks.intrinsics import Environment
from tests.stacks.templates import Template, resources, template, texts

ALL = sorted(ENVIRONMENTS)

Metric = tuple[str, str, dict[str, str]]


@cache
def environment(name: str) -> Environment:
    return Environment({stack: json.loads(text) for stack, text in texts(name).items()})


def observed(name: str) -> Template:
    return template(name, "observability")


def alarms(name: str) -> dict[str, Template]:
    """Properties of the metric alarms by name without the environment."""
    return {
        each["Properties"]["AlarmName"].removeprefix(f"shopstream-{name}-"): each["Properties"]
        for _, each in resources(observed(name), "AWS::CloudWatch::Alarm")
    }


def section(alarm: Template) -> str:
    """The runbook's heading that an alarm's message names, without hyphens."""
    found = re.search(r"docs/runbook\.md#alarm-([a-z-]+)$", alarm["AlarmDescription"])
    assert found is not None, alarm["AlarmDescription"]
    return found[1].replace("-", " ")


def dashboards(name: str) -> dict[str, list[dict[str, Any]]]:
    """Widgets by the dashboard's name, as they will be once deployed."""
    found = environment(name)
    return {
        each["Properties"]["DashboardName"]: json.loads(
            found.resolve("observability", each["Properties"]["DashboardBody"])
        )["widgets"]
        for _, each in resources(observed(name), "AWS::CloudWatch::Dashboard")
    }


def metrics_of_alarms(name: str) -> Iterator[Metric]:
    for alarm in alarms(name).values():
        for each in [
            alarm,
            *(m["MetricStat"]["Metric"] for m in alarm.get("Metrics", ()) if "MetricStat" in m),
        ]:
            if "MetricName" in each:
                dimensions = {d["Name"]: d["Value"] for d in each["Dimensions"]}
                yield each["Namespace"], each["MetricName"], dimensions


def metrics_of_widgets(name: str) -> Iterator[Metric]:
    """A line of a graph is namespace, name, and dimensions in pairs; expressions have no name."""
    for widgets in dashboards(name).values():
        for widget in widgets:
            for line in widget["properties"].get("metrics", ()):
                words = [word for word in line if isinstance(word, str)]
                if words:
                    namespace, metric, *rest = words
                    yield namespace, metric, dict(zip(rest[::2], rest[1::2], strict=True))

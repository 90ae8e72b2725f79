"""What is looked at, whom it tells, and that the runbook and the dashboards say the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cdk.monitoring.operators import BUDGET_SECTION
from cdk.settings import ENVIRONMENTS, settings
from contracts.applications import APPLICATIONS
from contracts.metrics import METRICS, NAMESPACE
from contracts.topics import TOPICS
from tests.stacks.intrinsics import ACCOUNT, Environment
from tests.stacks.templates import Template, resources, synthesized, template, texts

ALL = sorted(ENVIRONMENTS)
RUNBOOK = (Path(__file__).resolve().parents[2] / "docs" / "runbook.md").read_text()
PARTS = ("Means", "A shop notices", "First look", "Do", "Ended")
# What AWS documents, with the dimensions that stand together.
OF_AWS = {
    ("AWS/Kafka", ("Cluster Name",)): {"ActiveControllerCount", "StorageUsed"},
    ("AWS/Kafka", ("Broker ID", "Cluster Name")): {
        *("BytesInPerSec", "BytesOutPerSec", "ConnectionCount", "CpuSystem", "CpuUser"),
        *("FetchThrottleTime", "ProduceThrottleTime"),
    },
    ("AWS/ElastiCache", ("CacheClusterId", "CacheNodeId")): {
        *("CPUUtilization", "CurrConnections", "DatabaseMemoryUsagePercentage"),
        *("EngineCPUUtilization", "Evictions", "ReplicationLag"),
    },
    ("AWS/RDS", ("DBClusterIdentifier", "Role")): {
        *("ACUUtilization", "CommitLatency", "DatabaseConnections", "Deadlocks"),
        *("FreeableMemory", "ServerlessDatabaseCapacity"),
    },
    ("AWS/Lambda", ("FunctionName",)): {"Duration", "Errors", "Throttles"},
    ("AWS/ApiGateway", ("ApiId",)): {"4xx", "5xx", "Count", "Latency"},
    ("AWS/ElasticMapReduce", ("JobFlowId",)): {
        *("AppsPending", "AppsRunning", "MRActiveNodes", "MRLostNodes", "MRUnhealthyNodes"),
        "YARNMemoryAvailablePercentage",
    },
}
# These are counts of what failed already, not looks at something that may recover.
AT_ONCE = {"failed runs", "notifications failed"}

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


@pytest.mark.parametrize("name", ALL)
def test_every_metric_is_one_that_somebody_publishes_by_exactly_its_dimensions(name: str) -> None:
    wrong = []
    applications = {*(app.name for app in APPLICATIONS), "alert_notifier"}
    for namespace, metric, dimensions in [*metrics_of_alarms(name), *metrics_of_widgets(name)]:
        if namespace == NAMESPACE:
            known = metric in METRICS and METRICS[metric].dimensions == dimensions.keys()  # type: ignore[index]
            known &= dimensions["application"] in applications
            known &= dimensions.get("topic") in {None, *(topic.name for topic in TOPICS)}
        else:
            known = metric in OF_AWS.get((namespace, tuple(sorted(dimensions))), ())
        if not known:
            wrong.append((namespace, metric, dimensions))
    assert wrong == []


@pytest.mark.parametrize("name", ALL)
def test_every_application_is_looked_at_from_all_sides(name: str) -> None:
    sections = {"batch time", "drivers", "failed runs", "freshness", "lag"}
    found = alarms(name)
    for app in APPLICATIONS:
        mine = {each: alarm for each, alarm in found.items() if each.startswith(f"{app.name}-")}
        assert {section(alarm) for alarm in mine.values()} >= sections
        for topic in app.reads:
            assert f"{app.name}-lag-{topic.name}" in mine


@pytest.mark.parametrize(
    ("alarm", "absent"),
    [
        pytest.param("orders-lag-ecommerce-orders", "breaching", id="a paused application"),
        pytest.param("orders-drivers", "breaching", id="a controller that is silent"),
        pytest.param("canary", "breaching", id="an order that is lost"),
        pytest.param("kafka-controller", "breaching", id="a cluster that is silent"),
        pytest.param("postgres-capacity", "breaching", id="a database that is silent"),
        pytest.param("orders-freshness", "notBreaching", id="nothing to be old"),
        pytest.param("orders-batch-time", "notBreaching", id="no batch"),
        pytest.param("quality-ecommerce-orders", "notBreaching", id="no events"),
        pytest.param("canary-errors", "notBreaching", id="no calls"),
        pytest.param("valkey-1-1-memory", "missing", id="a node under another number"),
    ],
)
def test_silence_is_judged_on_purpose(alarm: str, absent: str) -> None:
    assert alarms("production")[alarm]["TreatMissingData"] == absent


@pytest.mark.parametrize("name", ALL)
def test_three_failures_in_a_row_notify(name: str) -> None:
    for each, alarm in alarms(name).items():
        periods = 1 if section(alarm) in AT_ONCE else 3
        assert alarm["EvaluationPeriods"] == alarm["DatapointsToAlarm"] == periods, each


@pytest.mark.parametrize("name", ALL)
def test_a_function_that_is_called_seldom_is_looked_at_as_seldom(name: str) -> None:
    """Or three failures in a row would never stand in three periods in a row."""
    found = environment(name)
    calls = {
        found.resolve(stack, target["Arn"]).rpartition(":")[2]: rule["Properties"][
            "ScheduleExpression"
        ]
        for stack in found.templates
        for _, rule in resources(template(name, stack), "AWS::Events::Rule")
        for target in rule["Properties"]["Targets"]
    }
    seconds = {"minute": 60, "minutes": 60, "hour": 3600, "hours": 3600}
    looked = {
        found.resolve("observability", alarm["Dimensions"])[0]["Value"]: alarm["Period"]
        for alarm in alarms(name).values()
        if section(alarm) == "function errors"
    }
    assert calls
    for called, rate in calls.items():
        number, unit = re.findall(r"\w+", rate)[1:]
        assert looked[called] >= int(number) * seconds[unit], called


@pytest.mark.parametrize("name", ALL)
def test_every_alarm_tells_the_operators_that_it_begins_and_that_it_ends(name: str) -> None:
    ((topic, _),) = resources(observed(name), "AWS::SNS::Topic")
    ((_, composite),) = resources(observed(name), "AWS::CloudWatch::CompositeAlarm")
    for alarm in [*alarms(name).values(), composite["Properties"]]:
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": topic}]


def test_the_shop_is_not_served_without_answers_orders_or_kafka() -> None:
    ((_, composite),) = resources(observed("production"), "AWS::CloudWatch::CompositeAlarm")
    rule = json.dumps(composite["Properties"]["AlarmRule"])
    by_id = {
        logical_id: section(each["Properties"])
        for logical_id, each in resources(observed("production"), "AWS::CloudWatch::Alarm")
    }
    assert {of for logical_id, of in by_id.items() if f'"{logical_id}"' in rule} == {
        *("api errors", "canary", "drivers", "freshness", "kafka controller", "lag"),
    }
    assert " AND " not in rule


def test_alarms_and_the_sections_of_the_runbook_are_the_same() -> None:
    named = {section(alarm) for name in ALL for alarm in alarms(name).values()}
    ((_, composite),) = resources(observed("dev"), "AWS::CloudWatch::CompositeAlarm")
    ((_, budget),) = resources(observed("dev"), "AWS::Budgets::Budget")
    assert budget["Metadata"]["runbook"].endswith(f"#alarm-{BUDGET_SECTION.replace(' ', '-')}")
    named |= {section(composite["Properties"]), BUDGET_SECTION}
    headings = re.findall(r"^### Alarm: (.+)$", RUNBOOK, re.MULTILINE)
    assert set(headings) == named
    assert len(headings) == len(named)


@pytest.mark.parametrize("heading", re.findall(r"^### Alarm: (.+)$", RUNBOOK, re.MULTILINE))
def test_a_section_says_what_it_means_what_to_do_and_when_it_is_over(heading: str) -> None:
    text = RUNBOOK.split(f"### Alarm: {heading}\n", 1)[1].split("\n### ", 1)[0]
    assert re.findall(r"^- \*\*(.+?)\*\*: \S", text, re.MULTILINE) == list(PARTS)


@pytest.mark.parametrize("name", ALL)
def test_the_operators_topic_is_encrypted_and_open_to_this_account_alone(name: str) -> None:
    ((_, topic),) = resources(observed(name), "AWS::SNS::Topic")
    assert "ImportValue" in json.dumps(topic["Properties"]["KmsMasterKeyId"])
    ((_, policy),) = resources(observed(name), "AWS::SNS::TopicPolicy")
    refused, allowed = environment(name).resolve(
        "observability", policy["Properties"]["PolicyDocument"]["Statement"]
    )
    assert refused["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert allowed["Principal"] == {
        "Service": ["budgets.amazonaws.com", "cloudwatch.amazonaws.com"]
    }
    assert allowed["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}


@pytest.mark.parametrize("email", [None, "operators@example.com"])
def test_mail_goes_to_whom_the_settings_name(email: str | None) -> None:
    chosen = replace(settings("dev"), alarm_email=email)
    found: Template = json.loads(synthesized(chosen)["observability"])
    mailed = [
        each["Properties"]["Endpoint"] for _, each in resources(found, "AWS::SNS::Subscription")
    ]
    assert mailed == ([email] if email else [])


@pytest.mark.parametrize("name", ALL)
def test_the_budget_warns_before_and_when_it_is_spent(name: str) -> None:
    ((_, found),) = resources(observed(name), "AWS::Budgets::Budget")
    properties = found["Properties"]
    assert properties["Budget"]["BudgetLimit"] == {
        "Amount": settings(name).monthly_budget,
        "Unit": "USD",
    }
    ((topic, _),) = resources(observed(name), "AWS::SNS::Topic")
    warnings = {}
    for each in properties["NotificationsWithSubscribers"]:
        assert each["Subscribers"] == [{"Address": {"Ref": topic}, "SubscriptionType": "SNS"}]
        warnings[each["Notification"]["NotificationType"]] = each["Notification"]["Threshold"]
    assert warnings == {"FORECASTED": 80, "ACTUAL": 100}


@pytest.mark.parametrize("name", ALL)
def test_there_is_a_dashboard_for_the_operator_and_one_for_the_shop(name: str) -> None:
    found = dashboards(name)
    assert set(found) == {f"shopstream-{name}-operator", f"shopstream-{name}-shop"}


@pytest.mark.parametrize("name", ALL)
def test_dashboards_can_be_read(name: str) -> None:
    """Three graphs side by side at most, each under a heading, no widget over another, and every
    graph with a title and a line."""
    for widgets in dashboards(name).values():
        taken: set[tuple[int, int]] = set()
        headings = [each for each in widgets if each["type"] == "text"]
        for widget in widgets:
            cells = {
                (widget["x"] + column, widget["y"] + row)
                for column in range(widget["width"])
                for row in range(widget["height"])
            }
            assert not cells & taken
            assert max(column for column, _ in cells) < 24
            taken |= cells
            if widget["type"] == "metric":
                assert widget["properties"]["title"]
                assert widget["properties"]["metrics"]
                above = [each for each in headings if each["y"] < widget["y"]]
                assert above, widget["properties"]["title"]
        for heading in headings:
            assert heading["properties"]["markdown"].startswith("## ")


def test_the_shop_is_told_what_is_not_on_its_dashboard() -> None:
    (told,) = [
        widget["properties"]["markdown"]
        for widget in dashboards("production")["shopstream-production-shop"]
        if widget["type"] == "text" and "not here" in widget["properties"]["markdown"]
    ]
    assert "Revenue" in told


@pytest.mark.parametrize(
    ("name", "looked_up"),
    [
        pytest.param("staging", "Fn::GetStackOutput", id="EMR on EC2"),
        pytest.param("dev", "SEARCH", id="EMR Serverless"),
    ],
)
def test_a_cluster_can_be_replaced_under_the_dashboard(name: str, looked_up: str) -> None:
    text = texts(name)["observability"]
    assert looked_up in text
    # An export that is imported can never change.
    processing: Template = json.loads(texts(name)["processing"])
    exported = json.dumps(
        [out for out in processing.get("Outputs", {}).values() if "Export" in out]
    )
    assert "EmrCluster" not in exported

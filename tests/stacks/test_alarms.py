"""What is looked at, what silence means, and that the runbook says what to do."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cdk.monitoring.operators import BUDGET_SECTION
from contracts.applications import APPLICATIONS
from tests.stacks.observed import ALL, alarms, environment, observed, section
from tests.stacks.templates import resources, template

RUNBOOK = (Path(__file__).resolve().parents[2] / "docs" / "runbook.md").read_text()
PARTS = ("Means", "A shop notices", "First look", "Do", "Ended")
# These are counts of what failed already, not looks at something that may recover.
AT_ONCE = {"failed runs", "notifications failed", "notifications given up"}


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
        pytest.param("kafka-1-cpu", "breaching", id="a cluster that is silent"),
        pytest.param("kafka-controller", "missing", id="a metric that was never seen"),
        pytest.param("postgres-capacity", "breaching", id="a database that is silent"),
        pytest.param("orders-freshness", "notBreaching", id="nothing to be old"),
        pytest.param("orders-batch-time", "notBreaching", id="no batch"),
        pytest.param("notifications-waiting", "notBreaching", id="no alert yet"),
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
def test_a_notifier_that_falls_silent_or_gives_up_is_seen(name: str) -> None:
    """By the lag of exactly its group, and by what exactly its source has put aside."""
    found = environment(name)
    ((source_id, source),) = resources(
        template(name, "functions"), "AWS::Lambda::EventSourceMapping"
    )
    lag = {
        each["Name"]: each["Value"] for each in alarms(name)["notifications-waiting"]["Dimensions"]
    }
    group = source["Properties"]["AmazonManagedKafkaEventSourceConfig"]["ConsumerGroupId"]
    assert lag == {
        "Cluster Name": f"shopstream-{name}-kafka",
        "Consumer Group": group,
        "Topic": source["Properties"]["Topics"][0],
    }
    assert source["Properties"]["MetricsConfig"] == {"Metrics": ["EventCount"]}
    given_up = alarms(name)["notifications-given-up"]["Dimensions"]
    assert found.resolve("observability", given_up) == [
        {"Name": "EventSourceMappingUUID", "Value": source_id}
    ]


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

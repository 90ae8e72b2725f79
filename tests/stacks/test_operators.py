"""Whom the alarms and the budget tell."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from cdk.settings import settings
from tests.stacks.intrinsics import ACCOUNT
from tests.stacks.observed import ALL, alarms, environment, observed
from tests.stacks.templates import Template, resources, synthesized


@pytest.mark.parametrize("name", ALL)
def test_every_alarm_tells_the_operators_that_it_begins_and_that_it_ends(name: str) -> None:
    ((topic, _),) = resources(observed(name), "AWS::SNS::Topic")
    ((_, composite),) = resources(observed(name), "AWS::CloudWatch::CompositeAlarm")
    for alarm in [*alarms(name).values(), composite["Properties"]]:
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": topic}]


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

"""Each alert reaches people once: on a real Postgres, with recorded batches of Kafka."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import psycopg
import pytest
from moto import mock_aws

from contracts.codec import encode
from contracts.events import Alert, alert_id
from contracts.registry.opening import open_registry
from contracts.topics import ALERTS
from lambdas.alert_notifier import handler
from lambdas.alert_notifier.logic import CLAIM_LASTS, message
from lambdas.alert_notifier.wiring import Claims, SnsTopic
from lambdas.database import connect

REGISTRY = open_registry("bundled")
AT = datetime(2026, 11, 2, 12, tzinfo=UTC)
LATER = int(CLAIM_LASTS.total_seconds()) + 1


def alert(order: str) -> Alert:
    return Alert(
        alert_id=alert_id("order_amount", 1, f"order:{order}", None),
        rule="order_amount",
        rule_version=1,
        subject=f"order:{order}",
        window_start=None,
        severity="high",
        event_time=int(AT.timestamp() * 1_000_000),
        region="Europe",
        evidence={"total": "1530.00", "currency": "GBP"},
    )


def batch(*values: bytes) -> dict[str, Any]:
    """As Lambda's event source for MSK sends it."""
    records = [
        {
            "topic": ALERTS.name,
            "partition": 0,
            "offset": offset,
            "timestamp": int(AT.timestamp() * 1000),
            "timestampType": "LOG_APPEND_TIME",
            "key": b64encode(b"k").decode(),
            "value": b64encode(value).decode(),
            "headers": [],
        }
        for offset, value in enumerate(values)
    ]
    return {"eventSource": "aws:kafka", "records": {f"{ALERTS.name}-0": records}}


def value(order: str) -> bytes:
    return encode(alert(order), REGISTRY.latest(ALERTS.schema))


class Inbox:
    """What subscribers of the topic got."""

    def __init__(self) -> None:
        self._sqs = boto3.client("sqs")
        self._url = self._sqs.create_queue(QueueName="inbox")["QueueUrl"]
        sns = boto3.client("sns")
        self.topic = sns.create_topic(Name="notifications")["TopicArn"]
        arn = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn["Attributes"]["QueueArn"])

    def read(self) -> list[dict[str, Any]]:
        got = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10)
        return [json.loads(each["Body"]) for each in got.get("Messages", [])]


@pytest.fixture
def inbox(postgres: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("POSTGRES_URL", postgres)
    monkeypatch.setenv("REGISTRY", "bundled")
    with mock_aws():
        made = Inbox()
        monkeypatch.setenv("NOTIFICATIONS_TOPIC", made.topic)
        yield made


def subjects(inbox: Inbox) -> list[str]:
    return sorted(each["Subject"] for each in inbox.read())


def test_a_person_reads_what_was_seen(inbox: Inbox) -> None:
    assert handler.handle(batch(value("536365")), None) == {"sent": 1}
    (got,) = inbox.read()
    assert got["Subject"] == "high: order_amount order:536365"
    assert "total: 1530.00" in got["Message"].splitlines()
    assert "event time: 2026-11-02 12:00:00 UTC" in got["Message"].splitlines()
    assert got["MessageAttributes"]["severity"]["Value"] == "high"


def test_what_is_delivered_again_is_not_sent_again(inbox: Inbox) -> None:
    both = batch(value("1"), value("2"), value("1"))
    assert handler.handle(both, None) == {"sent": 2}
    assert handler.handle(both, None) == {"sent": 0}
    assert len(inbox.read()) == 2


def test_a_value_that_is_no_alert_fails_the_batch_after_the_others_were_sent(inbox: Inbox) -> None:
    with pytest.raises(handler.NotSent, match=r"ecommerce-alerts-0@0: .*bad_header"):
        handler.handle(batch(b"nonsense", value("1")), None)
    assert subjects(inbox) == ["high: order_amount order:1"]


def test_what_another_invocation_is_at_is_tried_again_not_dropped(
    inbox: Inbox, postgres: str
) -> None:
    one = alert("1")
    with connect(postgres) as connection:
        assert Claims(connection).take(one.alert_id) == "taken"
    with pytest.raises(handler.NotSent, match="another invocation"):
        handler.handle(batch(value("1")), None)
    assert inbox.read() == []
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(
            "UPDATE notified SET claimed_at = claimed_at - make_interval(secs => %s)", (LATER,)
        )
    assert handler.handle(batch(value("1")), None) == {"sent": 1}


def test_what_sns_did_not_take_is_not_marked_as_sent(
    inbox: Inbox, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFICATIONS_TOPIC", inbox.topic + "-gone")
    with pytest.raises(boto3.client("sns").exceptions.NotFoundException):
        handler.handle(batch(value("1")), None)
    with connect(postgres) as connection:
        assert Claims(connection).take(alert("1").alert_id) == "busy"


@pytest.mark.parametrize(
    ("subject", "shown"),
    [
        pytest.param("order:1\nBcc: x", "high: order_amount order:1?Bcc: x", id="a line break"),
        pytest.param("order:ü", "high: order_amount order:?", id="not ASCII"),
        pytest.param("order:" + "9" * 200, f"high: order_amount order:{'9' * 75}", id="too long"),
    ],
)
def test_a_subject_is_one_that_sns_takes(inbox: Inbox, subject: str, shown: str) -> None:
    made = message(Alert(**{**alert("1").__dict__, "subject": subject}))
    assert made.subject == shown
    SnsTopic(inbox.topic).send(made)
    assert subjects(inbox) == [shown]


def test_what_others_wrote_adds_no_line_to_the_text() -> None:
    hostile = {"region": "DE\nsee http://elsewhere.test", "evidence": {"a\n": "\x1b[2J\u202e"}}
    made = message(Alert(**{**alert("1").__dict__, **hostile}))
    assert "region: DE\\u000asee http://elsewhere.test" in made.text.splitlines()
    assert "a\\u000a: \\u001b[2J\\u202e" in made.text.splitlines()

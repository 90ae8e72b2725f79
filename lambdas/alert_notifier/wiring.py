"""Claims in Postgres and messages to SNS."""

from __future__ import annotations

from typing import Any

import boto3

from lambdas.alert_notifier.logic import CLAIM_LASTS, Claim, Message
from lambdas.database import Connection

_TAKE = """
    INSERT INTO notified AS known (alert_id, claimed_at) VALUES (%s, clock_timestamp())
    ON CONFLICT (alert_id) DO UPDATE SET claimed_at = clock_timestamp()
    WHERE known.sent_at IS NULL AND known.claimed_at < clock_timestamp() - %s
    RETURNING 1
"""


class Claims:
    """Which call sends which alert: one row per alert."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def take(self, alert_id: str) -> Claim:
        """Claim an alert that no other call has sent or is sending."""
        if self._connection.execute(_TAKE, (alert_id, CLAIM_LASTS)).fetchone():
            return "taken"
        row = self._connection.execute(
            "SELECT sent_at IS NOT NULL FROM notified WHERE alert_id = %s", (alert_id,)
        ).fetchone()
        return "sent" if row and row[0] else "busy"

    def sent(self, alert_id: str) -> None:
        """Record that the alert was sent, so that no call sends it again."""
        self._connection.execute(
            "UPDATE notified SET sent_at = clock_timestamp() WHERE alert_id = %s", (alert_id,)
        )


class SnsTopic:
    """A topic of SNS."""

    def __init__(self, arn: str) -> None:
        self._arn = arn
        self._client: Any = boto3.client("sns")

    def send(self, message: Message) -> None:
        self._client.publish(
            TopicArn=self._arn,
            Subject=message.subject,
            Message=message.text,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value}
                for name, value in message.attributes.items()
            },
        )

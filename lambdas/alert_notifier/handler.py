"""Notify people of alerts. Input: a batch of Kafka's event source. Answer: how many were sent.

A batch of which anything failed raises, and its event source halves it and tries again; what was
sent is not sent twice. What stays undecodable goes to the event source's destination.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contracts.codec import decode
from contracts.events import Alert
from contracts.topics import ALERTS
from lambdas.alert_notifier.logic import message, values
from lambdas.alert_notifier.wiring import Claims, SnsTopic
from lambdas.database import connect
from lambdas.process import environment, now, publish
from lambdas.schemas import registry

APPLICATION = "alert_notifier"


class NotSent(Exception):
    """Some alerts of a batch could not be sent. The message names each with its reason."""


def handle(event: Mapping[str, Any], _context: object) -> dict[str, int]:
    """Send every alert of the batch that is not sent yet. Raises NotSent after trying them all."""
    given = environment()
    schemas, topic = registry(given["REGISTRY"]), SnsTopic(given["NOTIFICATIONS_TOPIC"])
    sent, failed = 0, []
    with connect(given["POSTGRES_URL"]) as connection:
        claims = Claims(connection)
        for position, value, append_time in values(event):
            alert = decode(ALERTS, value, append_time, schemas)
            if not isinstance(alert, Alert):
                failed.append(f"{position}: {alert}")
                continue
            claim = claims.take(alert.alert_id)
            if claim == "taken":
                topic.send(message(alert))
                claims.sent(alert.alert_id)
                sent += 1
            elif claim == "busy":
                failed.append(f"{position}: another invocation has claimed {alert.alert_id}")
    publish(APPLICATION, {"notifications_sent": sent, "notifications_failed": len(failed)}, now())
    if failed:
        raise NotSent("; ".join(failed))
    return {"sent": sent}

"""The text of a notification, and what a claim allows: pure."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from contracts.events import Alert
from contracts.texts.controls import visible
from contracts.times import SECOND_US

# taken: we send it. sent: it was sent. busy: another call is sending it, or died lately doing so.
Claim = Literal["taken", "sent", "busy"]
# Longer than a call may take. After this, an alert that was claimed but not sent is free again.
CLAIM_LASTS = timedelta(seconds=90)
# SNS takes at most 100 characters and no control characters.
_MAX_SUBJECT = 100


@dataclass(frozen=True)
class Message:
    """A notification. Subscribers may filter by its `attributes`."""

    subject: str
    text: str
    attributes: Mapping[str, str]


def values(event: Mapping[str, Any]) -> Iterator[tuple[str, bytes, int]]:
    """Position (topic-partition@offset), value and append time (µs) of each record of an event."""
    for records in event["records"].values():
        for record in records:
            position = f"{record['topic']}-{record['partition']}@{record['offset']}"
            yield position, b64decode(record.get("value") or ""), record["timestamp"] * 1000


def message(alert: Alert) -> Message:
    """The text that a person reads."""
    at = datetime.fromtimestamp(alert.event_time / SECOND_US, UTC)
    facts = {
        "rule": f"{alert.rule} (version {alert.rule_version})",
        "subject": alert.subject,
        "region": alert.region,
        "event time": f"{at:%Y-%m-%d %H:%M:%S} UTC",
        **{name: alert.evidence[name] for name in sorted(alert.evidence)},
        "alert": alert.alert_id,
    }
    subject = f"{alert.severity}: {alert.rule} {alert.subject}"
    printable = "".join(char if char.isascii() and char.isprintable() else "?" for char in subject)
    return Message(
        printable[:_MAX_SUBJECT],
        "\n".join(f"{visible(name)}: {visible(value)}" for name, value in facts.items()),
        {"severity": alert.severity, "rule": alert.rule, "region": alert.region},
    )

"""Ids of topics, which clients print in two ways."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from uuid import UUID

_UUID_TEXT = 36


def topic_id_text(topic_id: str) -> str:
    """One text for both ways clients print a topic's id: as a UUID, and in Kafka's base 64."""
    if len(topic_id) == _UUID_TEXT:
        return topic_id.lower()
    try:
        return str(UUID(bytes=urlsafe_b64decode(topic_id + "==")))
    except ValueError:
        return topic_id

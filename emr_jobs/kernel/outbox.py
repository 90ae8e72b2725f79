"""Messages that leave with the answers: written in the batch's transaction, relayed after it.

A crash between the two sends them again; receivers know a message by its deterministic id.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

_BLOCK = 5_000


@dataclass(frozen=True)
class QueuedMessage:
    """A message of the outbox; `sequence` is the order of sending."""

    sequence: int
    topic: str
    key: bytes
    value: bytes


class Outbox(Protocol):
    """One application's messages."""

    def unsent(self, limit: int) -> Sequence[QueuedMessage]:
        """The first messages that are not marked, in order."""

    def mark_sent(self, until: int) -> None:
        """Mark every message up to and with this sequence."""


class MessageSender(Protocol):
    """Where messages go."""

    def send(self, messages: Iterable[tuple[str, bytes, bytes]]) -> None:
        """Send (topic, key, value) messages; return when all of them are acknowledged."""


def relay(outbox: Outbox, sender: MessageSender) -> int:
    """Send what is unsent, in order, and mark it; returns how many. At least once."""
    sent = 0
    while messages := outbox.unsent(_BLOCK):
        sender.send((each.topic, each.key, each.value) for each in messages)
        outbox.mark_sent(messages[-1].sequence)
        sent += len(messages)
    return sent

"""An outlet that keeps nothing: it measures how fast events are made."""

from __future__ import annotations

from contracts.topics import Topic
from producer.outlets import Delivery, Place


class NullOutlet:
    """Acknowledges every event at once, at its own running offset."""

    def __init__(self) -> None:
        self._sent = 0
        self._deliveries: list[Delivery] = []

    def place(self) -> Place:
        return Place("null")

    def send(self, topic: Topic, key: bytes, value: bytes, sequence: int) -> None:  # noqa: ARG002 - kept nowhere
        self._deliveries.append(Delivery(sequence, partition=0, offset=self._sent))
        self._sent += 1

    def deliveries(self) -> list[Delivery]:
        taken, self._deliveries = self._deliveries, []
        return taken

    def flush(self, timeout: float) -> int:  # noqa: ARG002 - nothing to wait for
        return 0

    def close(self) -> None:
        """Nothing is held."""

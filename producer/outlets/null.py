"""An outlet that keeps nothing: it measures how fast events are made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import repeat

from contracts.topics import Topic
from producer.outlets import Delivery, Place


class NullOutlet:
    """Acknowledges every event at once, at its own running offset, and by `clock`."""

    def __init__(self, *, clock: Callable[[], int] = lambda: 0) -> None:
        self._clock = clock
        self._sent = 0
        self._deliveries: list[Delivery] = []

    def place(self) -> Place:
        return Place("null")

    def send(self, topic: Topic, key: bytes, value: bytes, sequence: int) -> None:
        self.send_all(topic, (key,), (value,), (sequence,))

    def send_all(
        self,
        topic: Topic,
        keys: Sequence[bytes],
        values: Sequence[bytes],
        sequences: Sequence[int],
    ) -> None:
        del topic, keys  # kept nowhere
        offsets = range(self._sent, self._sent + len(values))
        self._deliveries += map(Delivery, sequences, repeat(0), offsets, repeat(self._clock()))
        self._sent += len(values)

    def deliveries(self) -> list[Delivery]:
        taken, self._deliveries = self._deliveries, []
        return taken

    def flush(self, timeout: float) -> int:  # noqa: ARG002 - nothing to wait for
        return 0

    def close(self) -> None:
        """Nothing is held."""

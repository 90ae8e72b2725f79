"""An outlet that keeps nothing, to measure how fast events are made."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from contracts.topics import Topic
from producer.outlets import Deliveries, Destination


class NullOutlet:
    """Acknowledges every event at once, at the next offset and the time of `clock`."""

    def __init__(self, *, clock: Callable[[], int] = lambda: 0) -> None:
        self._clock = clock
        self._sent = 0
        self._sequences: list[int] = []
        self._append_times: list[int] = []

    def destination(self) -> Destination:
        return Destination("null")

    def send(
        self,
        topic: Topic,
        keys: Sequence[bytes],
        values: Sequence[bytes],
        sequences: Sequence[int],
    ) -> None:
        del topic, keys  # kept nowhere
        self._sequences += sequences
        self._append_times += [self._clock()] * len(values)

    def deliveries(self) -> Deliveries:
        sequences, self._sequences = self._sequences, []
        append_times, self._append_times = self._append_times, []
        first, self._sent = self._sent, self._sent + len(sequences)
        offsets = range(first, self._sent)
        return Deliveries(sequences, [0] * len(sequences), offsets, append_times)

    def flush(self, timeout: float) -> int:  # noqa: ARG002 - nothing to wait for
        return 0

    def close(self) -> None:
        """Nothing is held."""

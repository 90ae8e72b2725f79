"""Where events go: one interface, three places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from contracts.topics import Topic


@dataclass(frozen=True)
class Destination:
    """What the events go to; `topic_ids` by topic name, empty where topics have none."""

    cluster_id: str
    topic_ids: dict[str, str] = field(default_factory=dict)


class Failure(NamedTuple):
    """An event that did not arrive."""

    sequence: int
    why: str


@dataclass(frozen=True)
class Deliveries:
    """What became of events. The acknowledged ones are columns, by the order of the answers, since
    an object for each would take longer than making the event; `append_times` in microseconds
    UTC."""

    sequences: Sequence[int] = ()
    partitions: Sequence[int] = ()
    offsets: Sequence[int] = ()
    append_times: Sequence[int] = ()
    failures: Sequence[Failure] = ()

    @property
    def acknowledged(self) -> int:
        """How many events are acknowledged."""
        return len(self.sequences)


class Outlet(Protocol):
    """Takes events and says what became of each, once, in `deliveries`.

    Events of one key arrive in the order in which they were sent. None is dropped in silence: after
    `flush` returned 0 every event is in `deliveries`.
    """

    def destination(self) -> Destination:
        """Where the events go."""

    def send(self, topic: Topic, key: bytes, value: bytes, sequence: int) -> None:
        """Hand over one event; waits while the outlet is full."""

    def send_all(
        self,
        topic: Topic,
        keys: Sequence[bytes],
        values: Sequence[bytes],
        sequences: Sequence[int],
    ) -> None:
        """Hand over events of one topic, the first one first, as `send` does each."""

    def deliveries(self) -> Deliveries:
        """What became known since the last call."""

    def flush(self, timeout: float) -> int:
        """Wait at most `timeout` seconds for deliveries; return how many are still unknown."""

    def close(self) -> None:
        """Give back what the outlet holds; call `flush` first."""

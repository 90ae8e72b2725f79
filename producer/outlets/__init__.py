"""Where events go: one interface for Kafka, files and nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from contracts.topics import Topic


@dataclass(frozen=True)
class Destination:
    """The cluster that takes the events, and the ids of its topics by name, if topics have ids."""

    cluster_id: str
    topic_ids: dict[str, str] = field(default_factory=dict)


class Failure(NamedTuple):
    """An event that did not arrive."""

    sequence: int
    why: str


@dataclass(frozen=True)
class Deliveries:
    """What became of events. The acknowledged ones are columns, in the order of the answers: an
    object for each would take longer than making the event. `append_times` are in microseconds
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
    """Takes events and says once, in `deliveries`, what became of each.

    Events of one key arrive in the order in which they were sent. No event is dropped in silence:
    after `flush` returned 0, `deliveries` has told of every event.
    """

    def destination(self) -> Destination:
        """Where the events go."""

    def send(
        self,
        topic: Topic,
        keys: Sequence[bytes],
        values: Sequence[bytes],
        sequences: Sequence[int],
    ) -> None:
        """Hand over events of one topic, the first one first; waits while the outlet is full."""

    def deliveries(self) -> Deliveries:
        """What became known since the last call."""

    def flush(self, timeout: float) -> int:
        """Wait at most `timeout` seconds for deliveries; return how many are still unknown."""

    def close(self) -> None:
        """Give back what the outlet holds; call `flush` first."""

"""Events and records of the simulated topics, and a broker that has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from emr_jobs.kernel.errors import TopicReplaced
from emr_jobs.kernel.ranges import OffsetRange, skipped
from tests.simulation.stores.calls import Calls

Position = tuple[str, int, int]
MINUTE = 60_000_000
HOUR = 60 * MINUTE


class Event(NamedTuple):
    """What a value says. `version` is the least version of the code that can read it; an event
    that is not `valid` never can be."""

    event_id: str
    event_time: int
    key: int
    amount: int
    valid: bool
    version: int


class Record(NamedTuple):
    """A record as the applications read it, and as the lake holds it."""

    topic: str
    topic_id: str
    partition: int
    offset: int
    append_time: int
    event: Event

    @property
    def position(self) -> Position:
        return self.topic_id, self.partition, self.offset


class Unread(list[Record]):
    """A batch that has its records only once it is read: a covered one never is."""

    def __init__(self, read: Callable[[], list[Record]]) -> None:
        super().__init__()
        self.read = read


@dataclass
class Partition:
    """`log` by offset: a record, or None at an offset of an aborted transaction or of the mark that
    ends one. Those before `start` are gone."""

    log: list[Record | None] = field(default_factory=list)
    start: int = 0

    @property
    def end(self) -> int:
        return len(self.log)

    def between(self, start: int, end: int | None = None) -> list[Record]:
        """The records that a reader of committed transactions is given."""
        return [each for each in self.log[start:end] if each is not None]


@dataclass
class Topic:
    name: str
    topic_id: str
    partitions: list[Partition]

    def append(self, partition: int, event: Event, now: int) -> None:
        log = self.partitions[partition]
        log.log.append(Record(self.name, self.topic_id, partition, log.end, now, event))

    def skip(self, partition: int, offsets: int) -> None:
        """Append what gives no record."""
        self.partitions[partition].log.extend([None] * offsets)


class Broker:
    """Topics by name, and the alerts that it was sent."""

    def __init__(self, names: Iterable[str]) -> None:
        self._made = 0
        self.topics: dict[str, Topic] = {}
        self.alerts: list[str] = []
        # Every topic there ever was.
        self.history: list[Topic] = []
        for name in names:
            self.make(name)

    def make(self, name: str) -> None:
        """Make the topic, in the stead of one of that name."""
        self._made += 1
        topic = Topic(name, f"{name}-{self._made}", [Partition(), Partition()])
        self.topics[name] = topic
        self.history.append(topic)

    def offsets(
        self, names: Iterable[str], which: Callable[[Partition], int]
    ) -> dict[str, dict[int, int]]:
        return {
            name: {index: which(log) for index, log in enumerate(self.topics[name].partitions)}
            for name in names
        }


class BrokerClient:
    """The broker as one driver reaches it: the kernel's `BatchSource` and `MessageSender`."""

    def __init__(self, broker: Broker, calls: Calls) -> None:
        self._broker = broker
        self._calls = calls

    def topic_ids(self, topics: Iterable[str]) -> Mapping[str, str]:
        self._calls.before()
        found = {name: self._broker.topics[name].topic_id for name in topics}
        if not found:
            raise TopicReplaced("no topic")
        return found

    def records(self, raw: list[Record], ranges: object) -> list[Record]:
        assert isinstance(raw, Unread)
        return raw.read()

    def within(self, records: list[Record], ranges: Iterable[OffsetRange]) -> list[Record]:
        return within(records, ranges)

    def empty_record(self, topic: str, at: object) -> list[Record]:
        raise NotImplementedError("nothing is rehearsed here")

    def current(self) -> Iterable[Topic]:
        """The topics that there are now."""
        return self._broker.topics.values()

    def end_offsets(self, names: Iterable[str]) -> dict[str, dict[int, int]]:
        self._calls.before()
        return self._broker.offsets(names, lambda log: log.end)

    def send(self, messages: Iterable[tuple[str, bytes, bytes]]) -> None:
        self._calls.before()
        for _, key, _ in messages:
            self._broker.alerts.append(key.decode())
        self._calls.after()


def skipped_offsets(
    records: Iterable[Record], ranges: Iterable[OffsetRange]
) -> tuple[OffsetRange, ...]:
    """The offsets of one topic's ranges that gave no record, as `apps.skipped_offsets`."""
    offsets: dict[int, list[int]] = {}
    for each in records:
        offsets.setdefault(each.partition, []).append(each.offset)
    return skipped(ranges, offsets)


def within(records: Iterable[Record], ranges: Iterable[OffsetRange]) -> list[Record]:
    """The records that lie in one of the ranges."""
    spans: dict[tuple[str, int], list[tuple[int, int]]] = {}
    for each in ranges:
        spans.setdefault(each.key, []).append((each.start, each.end))
    return [
        record
        for record in records
        if any(
            start <= record.offset < end
            for start, end in spans.get((record.topic_id, record.partition), ())
        )
    ]


def firsts_of(records: Iterable[Record]) -> tuple[list[Record], int]:
    """Each valid event once (its lowest partition and offset), and how many copies there are."""
    found: dict[str, Record] = {}
    good = 0
    for record in sorted(records, key=lambda each: (each.partition, each.offset)):
        if record.event.valid:
            good += 1
            found.setdefault(record.event.event_id, record)
    return list(found.values()), good - len(found)

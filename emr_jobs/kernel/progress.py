"""Progress: offsets applied, moved by compare-and-set in the transaction of their answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from emr_jobs.kernel.crash_points import Visit
from emr_jobs.kernel.errors import Conflict, topic_replaced
from emr_jobs.kernel.lease import DriverRow, Lease, require
from emr_jobs.kernel.metrics import Metrics
from emr_jobs.kernel.ranges import OffsetRange, count_of

# What answers are written through within a transaction of the store.
Connection = TypeVar("Connection")
Connection_co = TypeVar("Connection_co", covariant=True)


@dataclass(frozen=True)
class JournalEntry:
    """One committed batch: which offsets, how many of what, and when it began."""

    sequence: int
    batch_id: int
    ranges: tuple[OffsetRange, ...]
    counts: Mapping[str, int]
    started_at: datetime


class ProgressRows(Protocol[Connection_co]):
    """The rows of `applications`, `progress` and `journal` of one store. All that happens within
    `transaction` is stored together or not at all."""

    def transaction(self) -> AbstractContextManager[Connection_co]:
        """Begin; commit at the end of the block, roll back when it raises."""

    def locked_driver(self, application: str) -> DriverRow | None:
        """The driver's row, locked until the transaction ends."""

    def applied(self, application: str) -> dict[tuple[str, int], int]:
        """(topic id, partition) -> offsets below this one are applied."""

    def known_topic_ids(self, application: str, topic: str) -> set[str]:
        """The ids under which a topic has progress."""

    def insert(
        self, application: str, topic: str, topic_id: str, offsets: Mapping[int, int]
    ) -> None:
        """Write a row for each partition of a topic that has none."""

    def move(self, application: str, applied: OffsetRange) -> bool:
        """Set the partition's progress to the end of the range if it is at its start."""

    def add(self, application: str, applied: OffsetRange) -> bool:
        """Insert the partition's progress at the end of the range if there is no row."""

    def last_sequence(self, application: str) -> int:
        """The number of the last journal entry; 0 without any."""

    def write_journal(self, lease: Lease, entry: JournalEntry) -> None:
        """Append an entry."""

    def write_skipped(self, application: str, skipped: Iterable[OffsetRange]) -> None:
        """Record offsets that gave no record, because of transactions."""

    def accepted_gaps(self, application: str) -> list[tuple[str, int, int]]:
        """The gaps that a person accepted, in order: topic id, partition and first offset."""

    def note_repeat(self, application: str, batch_id: int, covered: str) -> None:
        """Record a batch that was shown again."""


@dataclass
class Commit(Generic[Connection]):
    """One transaction of a batch. When it commits, `counts` go to the journal, and `skipped`, the
    offsets of the batch that gave no record, are recorded."""

    connection: Connection
    sequence: int
    counts: dict[str, int] = field(default_factory=dict)
    skipped: tuple[OffsetRange, ...] = ()


class ProgressStore(Generic[Connection]):
    """One application's progress, moved by the driver that holds `lease`."""

    def __init__(
        self, rows: ProgressRows[Connection], lease: Lease, visit: Visit, metrics: Metrics
    ) -> None:
        self._rows = rows
        self._lease = lease
        self._visit = visit
        self._metrics = metrics

    def applied(self) -> dict[tuple[str, int], int]:
        """(topic id, partition) -> offsets below this one are applied."""
        return self._rows.applied(self._lease.application)

    def accepted_gaps(self) -> list[tuple[str, int, int]]:
        """The gaps that a person accepted: topic id, partition and first offset of each."""
        return self._rows.accepted_gaps(self._lease.application)

    def begin(
        self,
        topic_ids: Mapping[str, str],
        earliest: Mapping[str, Mapping[int, int]],
        *,
        accept_new_topic: bool,
    ) -> dict[str, dict[int, int]]:
        """Where each partition is to be read from. At the first start every partition gets a row,
        so that a gap is seen from then on. Raises TopicReplaced when the progress belongs to
        another topic of the same name, unless `accept_new_topic`."""
        application = self._lease.application
        with self._rows.transaction():
            self._require_lease()
            for topic, topic_id in topic_ids.items():
                known = self._rows.known_topic_ids(application, topic)
                if topic_id not in known:
                    if known and not accept_new_topic:
                        raise topic_replaced(topic, topic_id, sorted(known))
                    self._rows.insert(application, topic, topic_id, earliest[topic])
        applied = self.applied()
        return {
            topic: {
                partition: applied.get((topic_ids[topic], partition), first)
                for partition, first in partitions.items()
            }
            for topic, partitions in earliest.items()
        }

    @contextmanager
    def commit(
        self, batch_id: int, ranges: Iterable[OffsetRange], started_at: datetime
    ) -> Iterator[Commit[Connection]]:
        """A transaction that moves the progress over `ranges`, or changes nothing at all.

        Raises Superseded when another driver has taken over, Conflict when the progress is not
        where the ranges start.
        """
        moved = tuple(ranges)
        with self._metrics.timed("postgres_commit_seconds"), self._rows.transaction() as connection:
            self._require_lease()
            sequence = self._rows.last_sequence(self._lease.application) + 1
            commit = Commit(connection, sequence)
            for each in moved:
                self._advance(each)
            yield commit
            if commit.skipped:
                commit.counts["skipped"] = count_of(commit.skipped)
                self._rows.write_skipped(self._lease.application, commit.skipped)
            entry = JournalEntry(sequence, batch_id, moved, commit.counts, started_at)
            self._rows.write_journal(self._lease, entry)
            self._visit("merge-open")
        self._visit("progress-committed")

    def require_driver(self) -> None:
        """Raise Superseded when another driver has taken over."""
        with self._rows.transaction():
            self._require_lease()

    def note_repeat(self, batch_id: int, covered: str) -> None:
        """Record that a batch was shown again that was applied, `whole` or in `part`."""
        self._rows.note_repeat(self._lease.application, batch_id, covered)

    def _require_lease(self) -> None:
        require(self._rows.locked_driver(self._lease.application), self._lease)

    def _advance(self, each: OffsetRange) -> None:
        application = self._lease.application
        moved = self._rows.move(application, each)
        if not moved and each.start == 0:
            # A partition that was added while running has no row yet.
            moved = self._rows.add(application, each)
        if not moved:
            raise Conflict(
                f"{each.topic} partition {each.partition}: the progress is no longer at "
                f"{each.start}; somebody else applied these offsets"
            )

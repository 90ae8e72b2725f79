"""Progress in Postgres: offsets applied, moved by compare-and-set with the answers they cover."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from psycopg import Connection

from emr_jobs.kernel.crash_points import CrashPoints
from emr_jobs.kernel.errors import Conflict, TopicReplaced
from emr_jobs.kernel.metrics import Metrics
from emr_jobs.kernel.ranges import OffsetRange
from emr_jobs.stores import driver
from emr_jobs.stores.driver import Lease


@dataclass
class Commit:
    """One transaction of a batch. `counts` go to the journal when it commits."""

    connection: Connection[tuple[object, ...]]
    sequence: int
    counts: dict[str, int] = field(default_factory=dict)


class ProgressStore:
    """One application's rows of `progress` and `journal`, written by the driver with `lease`."""

    def __init__(
        self,
        connection: Connection[tuple[object, ...]],
        lease: Lease,
        crash: CrashPoints,
        metrics: Metrics,
    ) -> None:
        self._connection = connection
        self._lease = lease
        self._crash = crash
        self._metrics = metrics

    def applied(self) -> dict[tuple[str, int], int]:
        """(topic id, partition) -> offsets below this one are applied."""
        rows = self._connection.execute(
            'SELECT topic_id, "partition", until FROM progress WHERE application = %s',
            (self._lease.application,),
        ).fetchall()
        return {(str(row[0]), int(str(row[1]))): int(str(row[2])) for row in rows}

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
        with self._connection.transaction():
            driver.require(self._connection, self._lease)
            for topic, topic_id in topic_ids.items():
                known = self._known_ids(topic)
                if topic_id not in known:
                    if known and not accept_new_topic:
                        raise replaced(topic, topic_id, sorted(known))
                    self._insert(topic, topic_id, earliest[topic])
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
    ) -> Iterator[Commit]:
        """A transaction that moves the progress over `ranges`, or changes nothing at all.

        Raises Superseded when another driver has taken over, Conflict when the progress is not
        where the ranges start.
        """
        moved = tuple(ranges)
        with self._metrics.timed("postgres_commit_seconds"), self._connection.transaction():
            driver.require(self._connection, self._lease)
            commit = Commit(self._connection, self._next_sequence())
            for each in moved:
                self._advance(each)
            yield commit
            self._journal(commit, batch_id, moved, started_at)
            self._crash.visit("merge-open")
        self._crash.visit("progress-committed")

    def note_repeat(self, batch_id: int, covered: str) -> None:
        """Record that Spark showed a batch again that was applied, `whole` or in `part`."""
        self._connection.execute(
            "INSERT INTO repeats (application, batch_id, covered) VALUES (%s, %s, %s)",
            (self._lease.application, batch_id, covered),
        )

    def _known_ids(self, topic: str) -> set[str]:
        rows = self._connection.execute(
            "SELECT DISTINCT topic_id FROM progress WHERE application = %s AND topic = %s",
            (self._lease.application, topic),
        ).fetchall()
        return {str(row[0]) for row in rows}

    def _insert(self, topic: str, topic_id: str, offsets: Mapping[int, int]) -> None:
        with self._connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO progress (application, topic, topic_id, partition, until) "
                "VALUES (%s, %s, %s, %s, %s)",
                [
                    (self._lease.application, topic, topic_id, partition, offset)
                    for partition, offset in sorted(offsets.items())
                ],
            )

    def _advance(self, each: OffsetRange) -> None:
        moved = self._connection.execute(
            "UPDATE progress SET until = %s "
            "WHERE application = %s AND topic_id = %s AND partition = %s AND until = %s",
            (each.end, self._lease.application, each.topic_id, each.partition, each.start),
        ).rowcount
        if not moved and each.start == 0:
            # A partition that was added while running has no row yet.
            moved = self._connection.execute(
                "INSERT INTO progress (application, topic, topic_id, partition, until) "
                "VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                (self._lease.application, each.topic, each.topic_id, each.partition, each.end),
            ).rowcount
        if not moved:
            raise Conflict(
                f"{each.topic} partition {each.partition}: the progress is no longer at "
                f"{each.start}; somebody else applied these offsets"
            )

    def _next_sequence(self) -> int:
        row = self._connection.execute(
            "SELECT coalesce(max(sequence), 0) + 1 FROM journal WHERE application = %s",
            (self._lease.application,),
        ).fetchone()
        assert row is not None
        return int(str(row[0]))

    def _journal(
        self,
        commit: Commit,
        batch_id: int,
        ranges: Iterable[OffsetRange],
        started_at: datetime,
    ) -> None:
        entries = [
            {
                "topic": each.topic,
                "topic_id": each.topic_id,
                "partition": each.partition,
                "from": each.start,
                "until": each.end,
            }
            for each in ranges
        ]
        self._connection.execute(
            "INSERT INTO journal (application, sequence, batch_id, epoch, ranges, counts, "
            "started_at) VALUES (%s, %s, %s, %s, %s, %s, %s)",
            (
                self._lease.application,
                commit.sequence,
                batch_id,
                self._lease.epoch,
                json.dumps(entries),
                json.dumps(commit.counts),
                started_at,
            ),
        )


def replaced(topic: str, found: str, known: Iterable[str]) -> TopicReplaced:
    """The error that says a topic was deleted and created again."""
    return TopicReplaced(
        f"topic {topic} was deleted and created again: progress belongs to id "
        f"{', '.join(known)}, the broker has {found}. What was applied stays as it is. To go on "
        "with the new topic from its beginning, stop and start with --accept-new-topic"
    )

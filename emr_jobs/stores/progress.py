"""Progress in Postgres: the rows of `applications`, `progress`, `journal` and `repeats`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import groupby
from typing import TypeAlias

from psycopg.rows import scalar_row

from contracts.tables.postgres import IN_A_GAP, IN_A_TRANSACTION
from emr_jobs.kernel import progress
from emr_jobs.kernel.lease import DriverRow, Lease
from emr_jobs.kernel.progress import JournalEntry
from emr_jobs.kernel.ranges import OffsetRange, count_of
from emr_jobs.stores.lease import locked_driver
from emr_jobs.stores.postgres import Pg

# The heart's own, through Postgres.
Commit: TypeAlias = progress.Commit[Pg]
ProgressStore: TypeAlias = progress.ProgressStore[Pg]

_SKIPPED = f"""
    INSERT INTO skipped
      (application, topic, topic_id, "partition", first, until, offsets, ranges, reason)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, '{IN_A_TRANSACTION}')
"""
_NEW = "INSERT INTO progress (application, topic, topic_id, partition, until) VALUES "


class PostgresProgress:
    """The progress of all applications, through one connection."""

    def __init__(self, connection: Pg) -> None:
        self._connection = connection

    @contextmanager
    def transaction(self) -> Iterator[Pg]:
        with self._connection.transaction():
            yield self._connection

    def locked_driver(self, application: str) -> DriverRow | None:
        return locked_driver(self._connection, application, "NO KEY UPDATE")

    def applied(self, application: str) -> dict[tuple[str, int], int]:
        rows = self._connection.execute(
            'SELECT topic_id, "partition", until FROM progress WHERE application = %s',
            (application,),
        ).fetchall()
        return {(topic_id, partition): until for topic_id, partition, until in rows}

    def known_topic_ids(self, application: str, topic: str) -> set[str]:
        rows = self._connection.execute(
            "SELECT DISTINCT topic_id FROM progress WHERE application = %s AND topic = %s",
            (application, topic),
        ).fetchall()
        return {topic_id for (topic_id,) in rows}

    def insert(
        self, application: str, topic: str, topic_id: str, offsets: Mapping[int, int]
    ) -> None:
        with self._connection.cursor() as cursor:
            cursor.executemany(
                _NEW + "(%s, %s, %s, %s, %s)",
                [
                    (application, topic, topic_id, partition, offset)
                    for partition, offset in sorted(offsets.items())
                ],
            )

    def move(self, application: str, applied: OffsetRange) -> bool:
        moved = self._connection.execute(
            "UPDATE progress SET until = %s "
            "WHERE application = %s AND topic_id = %s AND partition = %s AND until = %s",
            (applied.end, application, applied.topic_id, applied.partition, applied.start),
        )
        return moved.rowcount == 1

    def add(self, application: str, applied: OffsetRange) -> bool:
        added = self._connection.execute(
            _NEW + "(%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            (application, applied.topic, applied.topic_id, applied.partition, applied.end),
        )
        return added.rowcount == 1

    def last_sequence(self, application: str) -> int:
        return last_sequence(self._connection, application)

    def write_journal(self, lease: Lease, entry: JournalEntry) -> None:
        ranges = [
            {
                "topic": each.topic,
                "topic_id": each.topic_id,
                "partition": each.partition,
                "from": each.start,
                "until": each.end,
            }
            for each in entry.ranges
        ]
        self._connection.execute(
            "INSERT INTO journal (application, sequence, batch_id, epoch, ranges, counts, "
            "started_at) VALUES (%s, %s, %s, %s, %s, %s, %s)",
            (
                lease.application,
                entry.sequence,
                entry.batch_id,
                lease.epoch,
                json.dumps(ranges),
                json.dumps(entry.counts),
                entry.started_at,
            ),
        )

    def write_skipped(self, application: str, skipped: Iterable[OffsetRange]) -> None:
        keyed = groupby(sorted(skipped, key=_place), key=lambda each: each.key)
        with self._connection.cursor() as cursor:
            cursor.executemany(
                _SKIPPED,
                [(application, *_skipped_row(list(ranges))) for _, ranges in keyed],
            )

    def accepted_gaps(self, application: str) -> list[tuple[str, int, int]]:
        return self._connection.execute(
            'SELECT topic_id, "partition", first FROM skipped '
            "WHERE application = %s AND reason = %s ORDER BY 1, 2, 3",
            (application, IN_A_GAP),
        ).fetchall()

    def note_repeat(self, application: str, batch_id: int, covered: str) -> None:
        self._connection.execute(
            "INSERT INTO repeats (application, batch_id, covered) VALUES (%s, %s, %s)",
            (application, batch_id, covered),
        )


def _place(each: OffsetRange) -> tuple[str, int, int]:
    return each.topic_id, each.partition, each.start


def _skipped_row(ranges: list[OffsetRange]) -> tuple[object, ...]:
    """The row of one partition's ranges, which are in order."""
    first, last = ranges[0], ranges[-1]
    told = json.dumps([[each.start, each.end] for each in ranges])
    return (
        first.topic,
        first.topic_id,
        first.partition,
        first.start,
        last.end,
        count_of(ranges),
        told,
    )


def last_sequence(connection: Pg, application: str) -> int:
    """The number of the application's last journal entry; 0 without any."""
    found: int | None = (
        connection.cursor(row_factory=scalar_row)
        .execute("SELECT max(sequence) FROM journal WHERE application = %s", (application,))
        .fetchone()
    )
    return found or 0

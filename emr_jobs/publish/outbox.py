"""The outbox in Postgres."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from psycopg.rows import args_row, class_row

from emr_jobs.kernel.outbox import QueuedMessage
from emr_jobs.stores.postgres import Pg


class Waiting(NamedTuple):
    """How many messages are unsent, and the age of the oldest in seconds (0 without any)."""

    messages: int
    oldest_seconds: float


class PostgresOutbox:
    """The messages of one application."""

    def __init__(self, connection: Pg, application: str) -> None:
        self._connection = connection
        self._application = application

    def enqueue(self, messages: Sequence[tuple[str, bytes, bytes]]) -> None:
        """Add (topic, key, value) messages to the transaction."""
        if not messages:
            return
        with self._connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO outbox (application, topic, key, value) VALUES (%s, %s, %s, %s)",
                [(self._application, *message) for message in messages],
            )

    def unsent(self, limit: int) -> Sequence[QueuedMessage]:
        cursor = self._connection.cursor(row_factory=class_row(QueuedMessage))
        return cursor.execute(
            "SELECT sequence, topic, key, value FROM outbox "
            "WHERE application = %s AND sent_at IS NULL ORDER BY sequence LIMIT %s",
            (self._application, limit),
        ).fetchall()

    def mark_sent(self, until: int) -> None:
        self._connection.execute(
            "UPDATE outbox SET sent_at = clock_timestamp() "
            "WHERE application = %s AND sent_at IS NULL AND sequence <= %s",
            (self._application, until),
        )

    def waiting(self) -> Waiting:
        """What is unsent."""
        cursor = self._connection.cursor(row_factory=args_row(Waiting))
        (found,) = cursor.execute(
            "SELECT count(*), "
            "coalesce(extract(epoch FROM clock_timestamp() - min(queued_at)), 0)::float8 "
            "FROM outbox WHERE application = %s AND sent_at IS NULL",
            (self._application,),
        ).fetchall()
        return found

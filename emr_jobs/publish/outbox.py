"""Messages that leave with the answers: written in the batch's transaction, relayed after it.

A crash between the two sends them again; receivers know a message by its deterministic id.
"""

from __future__ import annotations

from collections.abc import Sequence

from emr_jobs.stores.answers import Pg
from emr_jobs.stores.kafka import KafkaClient

_BLOCK = 5_000


def enqueue(connection: Pg, application: str, messages: Sequence[tuple[str, bytes, bytes]]) -> None:
    """Add (topic, key, value) messages to the transaction."""
    if not messages:
        return
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO outbox (application, topic, key, value) VALUES (%s, %s, %s, %s)",
            [(application, *message) for message in messages],
        )


def relay(connection: Pg, application: str, kafka: KafkaClient) -> int:
    """Send what is unsent, in order, and mark it; returns how many. At least once."""
    sent = 0
    while True:
        rows = connection.execute(
            "SELECT sequence, topic, key, value FROM outbox "
            "WHERE application = %s AND sent_at IS NULL ORDER BY sequence LIMIT %s",
            (application, _BLOCK),
        ).fetchall()
        if not rows:
            return sent
        kafka.send((str(row[1]), _bytes(row[2]), _bytes(row[3])) for row in rows)
        connection.execute(
            "UPDATE outbox SET sent_at = clock_timestamp() "
            "WHERE application = %s AND sent_at IS NULL AND sequence <= %s",
            (application, rows[-1][0]),
        )
        sent += len(rows)


def waiting(connection: Pg, application: str) -> tuple[int, float]:
    """How many messages are unsent, and the age of the oldest in seconds (0 without any)."""
    row = connection.execute(
        "SELECT count(*), "
        "coalesce(extract(epoch FROM clock_timestamp() - min(queued_at)), 0)::float8 "
        "FROM outbox WHERE application = %s AND sent_at IS NULL",
        (application,),
    ).fetchone()
    assert row is not None
    return int(str(row[0])), float(str(row[1]))


def _bytes(value: object) -> bytes:
    assert isinstance(value, bytes | bytearray | memoryview)
    return bytes(value)

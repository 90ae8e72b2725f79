"""Messages that leave with the answers: written in the batch's transaction, relayed after it.

A crash between the two sends them again; receivers know a message by its deterministic id.
"""

from __future__ import annotations

from collections.abc import Sequence

from emr_jobs.io.answers import Pg
from emr_jobs.io.kafka import KafkaClient

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


def _bytes(value: object) -> bytes:
    assert isinstance(value, bytes | bytearray | memoryview)
    return bytes(value)

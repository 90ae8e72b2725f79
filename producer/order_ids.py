"""What was said under the id of each order: a changed copy of a known order is found before it is
sent."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import psycopg

from contracts.errors import NotReady
from contracts.tables.postgres import ORDER_IDS
from producer.patient_postgres import Connection, PatientPostgres

# The id of an order, and the digest of what it says.
Said = tuple[str, bytes]


class OrderIds(Protocol):
    """Keeps one digest per id for ever: the first."""

    def changed(self, orders: Sequence[Said]) -> set[str]:
        """The ids under which something else is kept. The digests of new ids are durable on
        return."""

    def close(self) -> None:
        """Give back what is held."""


class NoOrderIds:
    """For events that go nowhere."""

    def changed(self, orders: Sequence[Said]) -> set[str]:
        del orders
        return set()

    def close(self) -> None: ...


class PostgresOrderIds:
    """The table ``order_ids``; NotReady if it cannot be reached."""

    def __init__(self, url: str) -> None:
        self._postgres = PatientPostgres(url, "the ids of orders")

    def changed(self, orders: Sequence[Said]) -> set[str]:
        if not orders:
            return set()
        said = ([event_id for event_id, _ in orders], [content for _, content in orders])
        return self._postgres.keep(
            lambda connection: _changed(connection, said), "the ids of orders were not kept"
        )

    def close(self) -> None:
        self._postgres.close()


def _changed(connection: Connection, said: tuple[list[str], list[bytes]]) -> set[str]:
    try:
        connection.execute(
            f"INSERT INTO {ORDER_IDS.name} (event_id, content) "
            "SELECT * FROM unnest(%s::uuid[], %s::bytea[]) ON CONFLICT DO NOTHING",
            said,
        )
    except psycopg.errors.UndefinedTable as error:
        raise NotReady(
            f"Postgres has no table {ORDER_IDS.name} yet",
            cause="the stack was started by an earlier version",
            command="shopstream down, then shopstream up",
        ) from error
    found = connection.execute(
        f"SELECT k.event_id::text FROM {ORDER_IDS.name} k "
        "JOIN unnest(%s::uuid[], %s::bytea[]) AS s (event_id, content) USING (event_id) "
        "WHERE k.content <> s.content",
        said,
    )
    return {event_id for (event_id,) in found.fetchall()}


class FileOrderIds:
    """A file ``order_ids.sqlite`` in a folder, for use without a stack."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(folder / "order_ids.sqlite", isolation_level=None)
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS order_ids (event_id TEXT PRIMARY KEY, content BLOB)"
        )

    def changed(self, orders: Sequence[Said]) -> set[str]:
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany("INSERT OR IGNORE INTO order_ids VALUES (?, ?)", orders)
        self._connection.execute("COMMIT")
        kept = "SELECT 1 FROM order_ids WHERE event_id = ? AND content <> ?"
        return {said[0] for said in orders if self._connection.execute(kept, said).fetchone()}

    def close(self) -> None:
        self._connection.close()

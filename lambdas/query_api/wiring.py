"""The connection of the API. It is kept between requests, and made anew after it broke."""

from __future__ import annotations

from collections.abc import Callable

import psycopg

from lambdas.database import Connection
from lambdas.query_api.logic import Query

# With its indexes an answer takes milliseconds. One that takes longer would delay the others.
_TIMEOUT = "SET statement_timeout = '5s'"


class KeptConnection:
    """Postgres, read only."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._connection: Connection | None = None

    def read(self, query: Query) -> tuple[list[str], list[tuple[object, ...]]]:
        """Column names and rows. A stale connection is made anew once. After that, psycopg.Error is
        raised."""
        if self._connection is not None:
            try:
                return _read(self._connection, query)
            except psycopg.OperationalError:
                if not self._connection.broken:
                    raise
                self.close()
        self._connection = self._connect()
        self._connection.execute(_TIMEOUT)
        return _read(self._connection, query)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _read(connection: Connection, query: Query) -> tuple[list[str], list[tuple[object, ...]]]:
    cursor = connection.execute(query.sql.encode(), query.values)
    return [column.name for column in cursor.description or ()], cursor.fetchall()

"""The connection of the API: kept between requests, made anew when it broke."""

from __future__ import annotations

from collections.abc import Callable

import psycopg

from lambdas.database import Connection
from lambdas.query_api.logic import Query

# An answer takes milliseconds by its indexes; one that takes longer holds up the others.
_TIMEOUT = "SET statement_timeout = '5s'"


class Answers:
    """Postgres, read only."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._connection: Connection | None = None

    def read(self, query: Query) -> tuple[list[str], list[tuple[object, ...]]]:
        """Column names and rows. A connection that went stale is made anew once; what Postgres
        says then is raised as psycopg.Error."""
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

"""Rows that the applications have stored, for a look that does not wait."""

from __future__ import annotations

from typing import TypeVar

import psycopg
from psycopg.rows import class_row

_CONNECT_SECONDS = 2
_Row = TypeVar("_Row")


def stored_rows(postgres: str, statement: str, row: type[_Row]) -> list[_Row] | None:
    """Each row as a `row`, whose fields are the columns; None while Postgres does not answer or has
    no tables yet."""
    try:
        with psycopg.connect(
            postgres, connect_timeout=_CONNECT_SECONDS, row_factory=class_row(row)
        ) as connection:
            return connection.execute(statement.encode()).fetchall()
    except (psycopg.OperationalError, psycopg.errors.UndefinedTable):
        return None

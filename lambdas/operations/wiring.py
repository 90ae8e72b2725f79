"""Postgres as the operators' function reads it, and mends it."""

from __future__ import annotations

from lambdas.database import Connection
from lambdas.operations.logic import MAX_ROWS

# A person waits for the answer, and others use the database meanwhile.
_LIMITS = "SET statement_timeout = '20s'; SET default_transaction_read_only = on"


def read(connection: Connection, statement: str) -> tuple[list[str], list[tuple[object, ...]]]:
    """Column names, and at most one row more than MAX_ROWS; raises psycopg.Error. A cursor of the
    server takes one SELECT and nothing else."""
    connection.execute(_LIMITS)
    with connection.transaction(), connection.cursor(name="answer") as cursor:
        cursor.execute(statement.encode())
        rows = cursor.fetchmany(MAX_ROWS + 1)
        return [column.name for column in cursor.description or ()], rows


def mend(connection: Connection, remedy: str) -> tuple[list[str], list[tuple[object, ...]]]:
    """Column names and rows of what a remedy changed; raises psycopg.Error."""
    cursor = connection.execute(remedy.encode())
    return [column.name for column in cursor.description or ()], cursor.fetchall()

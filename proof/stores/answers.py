"""Postgres' tables copied into DuckDB, all from one moment."""

from __future__ import annotations

from pathlib import Path

import duckdb
import psycopg

from contracts.tables import Column, Table
from contracts.tables.columns import quoted
from proof.relations import ANSWERS, duckdb_type


def load_answers(connection: duckdb.DuckDBPyConnection, postgres_url: str, folder: Path) -> None:
    """Copy the tables of ``answers`` by way of csv files in `folder`, in one snapshot."""
    with psycopg.connect(postgres_url, application_name="verify") as postgres:
        postgres.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        postgres.execute("SET LOCAL TimeZone = 'UTC'")
        for table in ANSWERS:
            file = folder / f"{table.name}.csv"
            _copy(postgres, table, file)
            _read(connection, table, file)
            file.unlink()


def _copied(table: Table) -> list[Column]:
    """Sketches and sets stay behind: how many are in them is a column of its own."""
    return [column for column in table.columns if column.type not in ("bytes", "texts")]


def _copy(postgres: psycopg.Connection[tuple[object, ...]], table: Table, file: Path) -> None:
    columns = ", ".join(quoted(column.name) for column in _copied(table))
    # Names come from the contract, never from a person.
    statement = f"COPY (SELECT {columns} FROM {table.name}) TO STDOUT (FORMAT csv)".encode()
    with file.open("wb") as target, postgres.cursor().copy(statement) as rows:
        for chunk in rows:
            target.write(chunk)


def _read(connection: duckdb.DuckDBPyConnection, table: Table, file: Path) -> None:
    described = ", ".join(f"'{column.name}': '{duckdb_type(column)}'" for column in _copied(table))
    connection.execute(
        f"""
        INSERT INTO answers.{table.name} BY NAME
        FROM read_csv(?, columns = {{{described}}}, header = false, delim = ',', quote = '"',
                      escape = '"', nullstr = '', allow_quoted_nulls = false, auto_detect = false)
        """,
        [str(file)],
    )

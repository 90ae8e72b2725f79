"""Postgres' tables as SQL sees them: copied into DuckDB when a query names them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import psycopg
from psycopg import sql

from contracts.errors import NotReady

SCHEMA = "pg"
# What a column is in DuckDB, and how it is made from the text that COPY writes.
_TYPES = {
    "smallint": "SMALLINT",
    "integer": "INTEGER",
    "bigint": "BIGINT",
    "boolean": "BOOLEAN",
    "real": "FLOAT",
    "double precision": "DOUBLE",
    "date": "DATE",
    "timestamp without time zone": "TIMESTAMP",
    "timestamp with time zone": "TIMESTAMPTZ",
    "uuid": "UUID",
}
_COLUMNS = """
    SELECT table_name, column_name, data_type, numeric_precision, numeric_scale
    FROM information_schema.columns
    WHERE table_schema = 'public'
    ORDER BY table_name, ordinal_position
"""
_Column = tuple[str, str, int | None, int | None]
Connection = psycopg.Connection[tuple[Any, ...]]


class Answers:
    """A view of Postgres at one moment; a context manager. The vault is not in it: only its own
    commands read real ids."""

    def __init__(self, url: str) -> None:
        try:
            self._postgres: Connection = psycopg.connect(url, connect_timeout=10)
        except psycopg.OperationalError as problem:
            raise NotReady(
                f"Postgres does not answer: {str(problem).strip()}",
                cause="it is starting, stopping or was given up",
                command="shopstream status",
            ) from problem
        # A catalog that lives in Postgres is not an answer either.
        self._postgres.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        self._postgres.execute("SET LOCAL TimeZone = 'UTC'")
        self._columns: dict[str, list[_Column]] = {}
        for table, *column in self._postgres.execute(_COLUMNS).fetchall():
            if not table.startswith("iceberg_"):
                self._columns.setdefault(table, []).append((*column,))

    def __enter__(self) -> Answers:
        return self

    def __exit__(self, *_: object) -> None:
        self._postgres.close()

    @property
    def tables(self) -> list[str]:
        """Every table, as ``pg.table``."""
        return sorted(f"{SCHEMA}.{table}" for table in self._columns)

    def load(self, session: duckdb.DuckDBPyConnection, name: str) -> None:
        """Copy one of `tables` into the session."""
        table = name.removeprefix(f"{SCHEMA}.")
        columns = self._columns[table]
        with TemporaryDirectory(prefix="shopstream-sql-") as folder:
            file = Path(folder) / "rows.csv"
            self._copy(table, [column[0] for column in columns], file)
            names = ", ".join(f"{_text(column[0])}: 'VARCHAR'" for column in columns)
            selected = ", ".join(map(_from_text, columns))
            session.execute(
                f"""
                CREATE TABLE {SCHEMA}.{_quoted(table)} AS SELECT {selected} FROM read_csv(
                    {_text(str(file))}, columns = {{{names}}}, header = false, delim = ',',
                    quote = '"', escape = '"', nullstr = '', allow_quoted_nulls = false,
                    auto_detect = false, parallel = false, max_line_size = 100000000)
                """
            )

    def _copy(self, table: str, columns: Sequence[str], file: Path) -> None:
        statement = sql.SQL("COPY (SELECT {} FROM public.{}) TO STDOUT (FORMAT csv)").format(
            sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier(table)
        )
        with file.open("wb") as target, self._postgres.cursor().copy(statement) as rows:
            for chunk in rows:
                target.write(chunk)


def _from_text(column: _Column) -> str:
    name, kind, precision, scale = column
    quoted = _quoted(name)
    if kind == "bytea":
        return f"unhex(substr({quoted}, 3)) AS {quoted}"
    if kind == "numeric" and precision and precision <= 38:
        return f"CAST({quoted} AS DECIMAL({precision},{scale or 0})) AS {quoted}"
    return f"CAST({quoted} AS {_TYPES[kind]}) AS {quoted}" if kind in _TYPES else quoted


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"

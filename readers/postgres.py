"""The stack's Postgres: sessions, and one moment of its tables copied into DuckDB."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from contracts.errors import NotReady
from contracts.tables.columns import quoted
from readers.sql_text import literal

Pg: TypeAlias = psycopg.Connection[tuple[Any, ...]]
CONNECT_SECONDS = 10
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
# A list of texts, as Postgres names the type within.
_TEXTS = "_text"
_COLUMNS = """
    SELECT table_name, column_name, data_type, udt_name, numeric_precision, numeric_scale
    FROM information_schema.columns
    WHERE table_schema = 'public'
    ORDER BY table_name, ordinal_position
"""


def connect(url: str, program: str) -> Pg:
    """A session in which each statement is a transaction; NotReady when Postgres does not answer.
    Postgres shows the name of the program beside its statements."""
    try:
        return psycopg.connect(
            url, autocommit=True, connect_timeout=CONNECT_SECONDS, application_name=program
        )
    except psycopg.OperationalError as problem:
        raise NotReady(
            f"Postgres does not answer: {str(problem).strip()}",
            cause="it is starting, stopping or was given up",
            command="shopstream status",
        ) from problem


@dataclass(frozen=True)
class _Column:
    """A column as Postgres describes it."""

    table_name: str
    column_name: str
    data_type: str
    udt_name: str
    numeric_precision: int | None
    numeric_scale: int | None

    def to_text(self) -> sql.Composed:
        """The column as COPY writes it: a list as JSON, which DuckDB reads."""
        text = sql.SQL("array_to_json({})" if self.udt_name == _TEXTS else "{}")
        return text.format(sql.Identifier(self.column_name))

    def from_text(self) -> str:
        """The column as DuckDB reads it from the text of a csv file."""
        name = quoted(self.column_name)
        if self.udt_name == _TEXTS:
            return f"CAST(CAST({name} AS JSON) AS VARCHAR[]) AS {name}"
        if self.data_type == "bytea":
            return f"unhex(substr({name}, 3)) AS {name}"
        if self.data_type == "numeric" and self.numeric_precision and self.numeric_precision <= 38:
            kind = f"DECIMAL({self.numeric_precision},{self.numeric_scale or 0})"
            return f"CAST({name} AS {kind}) AS {name}"
        if self.data_type in _TYPES:
            return f"CAST({name} AS {_TYPES[self.data_type]}) AS {name}"
        return name


class PostgresSnapshot:
    """A view of Postgres at one moment; a context manager. The vault is not in it: only its own
    commands read real ids."""

    def __init__(self, url: str, program: str) -> None:
        self._postgres = connect(url, program)
        self._postgres.autocommit = False
        self._postgres.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        self._postgres.execute("SET LOCAL TimeZone = 'UTC'")
        self._columns: dict[str, list[_Column]] = {}
        with self._postgres.cursor(row_factory=class_row(_Column)) as cursor:
            for column in cursor.execute(_COLUMNS):
                # A catalog that lives in Postgres is not an answer either.
                if not column.table_name.startswith("iceberg_"):
                    self._columns.setdefault(column.table_name, []).append(column)

    def __enter__(self) -> PostgresSnapshot:
        return self

    def __exit__(self, *_: object) -> None:
        self._postgres.close()

    @property
    def tables(self) -> list[str]:
        """The names of all tables."""
        return sorted(self._columns)

    @contextmanager
    def copied(
        self, table: str, names: Collection[str] | None = None, folder: Path | None = None
    ) -> Iterator[str]:
        """A query of DuckDB that reads a copy of one of `tables`, or only its columns `names`. The
        copy is a file in a folder of its own (in `folder`), and is gone afterwards."""
        columns = [
            column
            for column in self._columns[table]
            if names is None or column.column_name in names
        ]
        with TemporaryDirectory(prefix="shopstream-rows-", dir=folder) as made:
            file = Path(made) / "rows.csv"
            self._copy(table, columns, file)
            texts = ", ".join(f"{literal(column.column_name)}: 'VARCHAR'" for column in columns)
            selected = ", ".join(column.from_text() for column in columns)
            yield f"""
                SELECT {selected} FROM read_csv(
                    {literal(str(file))}, columns = {{{texts}}}, header = false, delim = ',',
                    quote = '"', escape = '"', nullstr = '', allow_quoted_nulls = false,
                    auto_detect = false, parallel = false, max_line_size = 100000000)
            """

    def _copy(self, table: str, columns: list[_Column], file: Path) -> None:
        statement = sql.SQL("COPY (SELECT {} FROM public.{}) TO STDOUT (FORMAT csv)").format(
            sql.SQL(", ").join(column.to_text() for column in columns), sql.Identifier(table)
        )
        with file.open("wb") as target, self._postgres.cursor().copy(statement) as rows:
            for chunk in rows:
                target.write(chunk)

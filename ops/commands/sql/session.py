"""One read-only SQL session over the lake and Postgres; a table is opened when a query names it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from contracts.errors import Usage
from contracts.tables.columns import quoted
from local.home import FOLDER_MODE
from ops.stack import Stack
from readers.interrupts import interruptible
from readers.lake import lake_tables, open_catalog, show_table
from readers.postgres import PostgresSnapshot

SCHEMA = "pg"

THREADS = 2
MEMORY_LIMIT = "1GB"
_NAME = r'"?([A-Za-z_][A-Za-z0-9_]*)"?'
_QUALIFIED = re.compile(rf"{_NAME}\s*\.\s*{_NAME}")
_READS = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)


class SqlSession:
    """Runs SELECTs; what they name as ``bronze.events`` or ``pg.orders`` is put in their reach."""

    def __init__(self, stack: Stack, postgres: PostgresSnapshot, spill: Path) -> None:
        self._catalog = open_catalog(stack.postgres_url, stack.home.warehouse)
        self._postgres = postgres
        self._lake = lake_tables(self._catalog)
        self._open: set[str] = set()
        self._duckdb = empty_database(spill)
        for schema in sorted({name.split(".")[0] for name in self.tables}):
            self._duckdb.execute(f'CREATE SCHEMA "{schema}"')

    @property
    def tables(self) -> list[str]:
        """Every table that a query may name."""
        return [*self._lake, *(f"{SCHEMA}.{table}" for table in self._postgres.tables)]

    def query(self, text: str) -> duckdb.DuckDBPyRelation:
        """The rows of one SELECT; Usage when it is not one, or names what is not there."""
        require_read(text)
        for name in tables_named(text, self.tables):
            if name not in self._open:
                self._load(name)
                self._open.add(name)
        try:
            relation = self._duckdb.sql(text)
        except duckdb.Error as problem:
            raise self._refused(problem) from problem
        if relation is None:
            raise Usage("the query gives no rows", command="shopstream sql")
        return relation

    def close(self) -> None:
        self._duckdb.close()

    def _load(self, name: str) -> None:
        if name.startswith(f"{SCHEMA}."):
            table = name.removeprefix(f"{SCHEMA}.")
            with self._postgres.copied(table) as rows:
                self._duckdb.execute(f"CREATE TABLE {SCHEMA}.{quoted(table)} AS {rows}")
        else:
            show_table(self._duckdb, self._catalog, name)

    def _refused(self, problem: duckdb.Error) -> Usage:
        if isinstance(problem, duckdb.CatalogException):
            known = ", ".join(self.tables)
            return Usage(f"{problem}", cause=f"tables are {known}", command="shopstream sql")
        return Usage(f"the query cannot be run: {problem}")


@contextmanager
def open_session(stack: Stack) -> Iterator[SqlSession]:
    """A session over a running stack."""
    stack.home.scratch.mkdir(mode=FOLDER_MODE, exist_ok=True)
    with (
        TemporaryDirectory(prefix="sql-", dir=stack.home.scratch) as spill,
        interruptible(),
        PostgresSnapshot(stack.postgres_url, "sql") as postgres,
        closing(SqlSession(stack, postgres, Path(spill))) as session,
    ):
        yield session


def empty_database(spill: Path) -> duckdb.DuckDBPyConnection:
    """A database in memory. What exceeds MEMORY_LIMIT goes to the folder `spill`: by default it
    would go to the folder in which the command is run, where everyone could read people's rows."""
    connection = duckdb.connect(":memory:")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"SET threads = {THREADS}")
    connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
    connection.execute("SET temp_directory = ?", [str(spill)])
    connection.execute("SET enable_progress_bar = false")
    # A name that is unknown here is a mistake, and nothing to be fetched.
    connection.execute("SET autoinstall_known_extensions = false")
    return connection


def require_read(text: str) -> None:
    """Usage unless the text is exactly one statement that only reads."""
    try:
        statements = duckdb.extract_statements(text)
    except duckdb.Error as problem:
        raise Usage(f"the query cannot be read: {problem}") from problem
    if len(statements) != 1 or statements[0].type not in _READS:
        raise Usage(
            "only one SELECT at a time: nothing can be changed here",
            command='shopstream sql "SELECT topic, count(*) FROM bronze.events GROUP BY topic"',
        )


def tables_named(text: str, tables: list[str]) -> list[str]:
    """The tables that a query names, each once; a name in a comment or a text counts too."""
    known = {table.lower(): table for table in tables}
    found = (f"{schema}.{table}".lower() for schema, table in _QUALIFIED.findall(text))
    return list(dict.fromkeys(known[name] for name in found if name in known))

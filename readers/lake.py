"""The stack's lake: which files an Iceberg table's snapshot names, and their rows in DuckDB."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import duckdb
from psycopg.conninfo import conninfo_to_dict
from pyiceberg.catalog import Catalog
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.table import Table
from sqlalchemy.engine import URL
from sqlalchemy.exc import ProgrammingError, SQLAlchemyError

from contracts.errors import NotReady, ShopstreamError
from contracts.tables.columns import quoted
from contracts.tables.lake import CATALOG, LAKE_TABLES
from readers.sql_text import columns, literal, qualified


@dataclass(frozen=True)
class TableFiles:
    """The data files of a table's current snapshot, as the catalog names them. `deletes`: files
    that name deleted rows belong to the snapshot too."""

    snapshot_id: int | None
    paths: tuple[str, ...]
    deletes: bool = False


def open_catalog(postgres_url: str, warehouse: Path) -> SqlCatalog:
    """The laptop's Iceberg catalog, which lives in its Postgres; makes no tables. NotReady before
    the applications have made them."""
    parts = {name: str(value) for name, value in conninfo_to_dict(postgres_url).items()}
    query = {"passfile": parts["passfile"]} if "passfile" in parts else {}
    uri = URL.create(
        "postgresql+psycopg",
        username=parts.get("user"),
        password=parts.get("password"),
        host=parts.get("host"),
        port=int(parts.get("port", "5432")),
        database=parts.get("dbname"),
        query=query | {"options": "-csearch_path=public,iceberg"},
    )
    catalog = SqlCatalog(
        CATALOG,
        uri=uri.render_as_string(hide_password=False),
        warehouse=warehouse.as_uri(),
        init_catalog_tables="false",
    )
    try:
        catalog.list_namespaces()
    except SQLAlchemyError as problem:
        catalog.close()
        raise _not_there(problem) from problem
    return catalog


def _not_there(problem: SQLAlchemyError) -> NotReady:
    if isinstance(problem, ProgrammingError):
        return NotReady(
            "the lake is not there yet: its catalog has no tables",
            cause="Spark makes them when it starts for the first time, and it has not yet",
            command="shopstream status, and the same command again when Spark is ready",
        )
    return NotReady(
        f"the lake's catalog does not answer: {problem}",
        cause="Postgres, which holds it, is starting, stopping or was given up",
        command="shopstream status",
    )


def lake_tables(catalog: Catalog) -> list[str]:
    """Every table as ``schema.table``: the contract's, written yet or not, and any others."""
    found = {
        ".".join(name)
        for namespace in catalog.list_namespaces()
        for name in catalog.list_tables(namespace)
    }
    return sorted(found | {table.name for table in LAKE_TABLES})


def files_of(catalog: Catalog, name: str) -> TableFiles:
    """The files of a table; none of one that nothing was written to yet."""
    table = _loaded(catalog, name)
    return _files(table, name) if table else TableFiles(None, ())


def _loaded(catalog: Catalog, name: str) -> Table | None:
    try:
        return catalog.load_table(name)
    except NoSuchTableError:
        return None
    except FileNotFoundError as problem:
        raise _unreadable(name, problem) from problem


def _files(table: Table, name: str) -> TableFiles:
    snapshot = table.current_snapshot()
    try:
        tasks = list(table.scan().plan_files()) if snapshot else []
    except FileNotFoundError as problem:
        raise _unreadable(name, problem) from problem
    return TableFiles(
        snapshot.snapshot_id if snapshot else None,
        tuple(task.file.file_path for task in tasks),
        any(task.delete_files for task in tasks),
    )


def _unreadable(name: str, problem: FileNotFoundError) -> ShopstreamError:
    return ShopstreamError(
        f"the lake's metadata of {name} cannot be read: {problem}",
        cause="a metadata file of the warehouse was removed",
        command="restore the warehouse folder from a copy",
    )


def show_table(session: duckdb.DuckDBPyConnection, catalog: Catalog, name: str) -> None:
    """Put the table into the session; one that was never written is there, and empty."""
    table = _loaded(catalog, name)
    found = _files(table, name) if table else TableFiles(None, ())
    described = next((one for one in LAKE_TABLES if one.name == name), None)
    if table and (found.deletes or (not found.paths and described is None)):
        _show_through_arrow(session, table, name)
    elif table and found.paths:
        names = [field.name for field in table.schema().fields]
        show_files(session, name, list(map(quoted, names)), _present(name, found))
    elif described is not None:
        session.execute(f"CREATE TABLE {qualified(name)} ({columns(described.columns)})")


def _present(name: str, found: TableFiles) -> list[Path]:
    files = [local_path(path) for path in found.paths]
    for file in files:
        if not file.exists():
            raise ShopstreamError(
                f"{name} names a file that is gone: {file}",
                cause="it was removed from the warehouse by hand",
                command="shopstream verify",
            )
    return files


def _show_through_arrow(session: duckdb.DuckDBPyConnection, table: Table, name: str) -> None:
    """Files with rows deleted from them: pyiceberg applies the deletes."""
    rows = table.scan().to_arrow()
    session.register("rows_of_table", rows)
    session.execute(f"CREATE TABLE {qualified(name)} AS FROM rows_of_table")
    session.unregister("rows_of_table")


def show_files(
    session: duckdb.DuckDBPyConnection, name: str, selected: Sequence[str], files: Sequence[Path]
) -> None:
    """A view over data files: DuckDB reads of them only what a query needs."""
    listed = ", ".join(literal(str(file)) for file in files)
    session.execute(
        f"CREATE VIEW {qualified(name)} AS SELECT {', '.join(selected)} "
        f"FROM read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"
    )


def local_path(path: str) -> Path:
    """The file of a ``file:`` URL or a plain path."""
    parts = urlsplit(path)
    if parts.scheme not in ("", "file"):
        raise ShopstreamError(
            f"only lakes on this machine can be read, got {path}",
            cause="the warehouse is in an object store",
        )
    return Path(unquote(parts.path)) if parts.scheme else Path(path)

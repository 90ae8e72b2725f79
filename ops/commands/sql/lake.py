"""The lake as SQL sees it: Iceberg tables as DuckDB views over their current snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.table import Table

from contracts.errors import ShopstreamError
from contracts.tables.lake import LAKE_TABLES
from proof.relations import DUCKDB_TYPES
from proof.stores.lake_files import local_path, open_catalog

__all__ = ["lake_tables", "open_catalog", "show_table"]


def lake_tables(catalog: Catalog) -> list[str]:
    """Every table as ``schema.table``: the contract's, written yet or not, and any others."""
    found = {
        ".".join(name)
        for namespace in catalog.list_namespaces()
        for name in catalog.list_tables(namespace)
    }
    return sorted(found | {table.name for table in LAKE_TABLES})


def show_table(session: duckdb.DuckDBPyConnection, catalog: Catalog, name: str) -> None:
    """Put the table into the session; one that was never written is there, and empty."""
    try:
        table = catalog.load_table(name)
        tasks = list(table.scan().plan_files())
    except NoSuchTableError:
        _show_empty(session, name)
        return
    except FileNotFoundError as problem:
        raise ShopstreamError(
            f"the lake's metadata of {name} cannot be read: {problem}",
            cause="a metadata file of the warehouse was removed",
            command="shopstream verify",
        ) from problem
    if any(task.delete_files for task in tasks):
        _show_through_arrow(session, table, name)
    elif tasks:
        _show_files(session, table, name, [local_path(task.file.file_path) for task in tasks])
    else:
        _show_empty(session, name, table)


def _show_files(
    session: duckdb.DuckDBPyConnection, table: Table, name: str, files: Sequence[Path]
) -> None:
    """DuckDB reads the files itself, and of them only what a query needs."""
    for file in files:
        if not file.exists():
            raise ShopstreamError(
                f"{name} names a file that is gone: {file}",
                cause="it was removed from the warehouse by hand",
                command="shopstream verify",
            )
    selected = ", ".join(_quoted(field.name) for field in table.schema().fields)
    listed = ", ".join(_text(str(file)) for file in files)
    session.execute(
        f"CREATE VIEW {_qualified(name)} AS SELECT {selected} "
        f"FROM read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"
    )


def _show_through_arrow(session: duckdb.DuckDBPyConnection, table: Table, name: str) -> None:
    """Files with rows deleted from them: pyiceberg applies the deletes."""
    rows = table.scan().to_arrow()
    session.register("rows_of_table", rows)
    session.execute(f"CREATE TABLE {_qualified(name)} AS FROM rows_of_table")
    session.unregister("rows_of_table")


def _show_empty(session: duckdb.DuckDBPyConnection, name: str, table: Table | None = None) -> None:
    described = next((one for one in LAKE_TABLES if one.name == name), None)
    if described is not None:
        body = ", ".join(
            f"{_quoted(one.name)} {DUCKDB_TYPES[one.type]}" for one in described.columns
        )
        session.execute(f"CREATE TABLE {_qualified(name)} ({body})")
    elif table is not None:
        _show_through_arrow(session, table, name)


def _qualified(name: str) -> str:
    return ".".join(map(_quoted, name.split(".")))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"

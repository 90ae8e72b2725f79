"""The lake's tables as DuckDB reads them: the files that Iceberg's current snapshot names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import duckdb
from psycopg.conninfo import conninfo_to_dict
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import NoSuchTableError
from sqlalchemy.engine import URL

from contracts.errors import ShopstreamError
from contracts.tables import Table
from contracts.tables.lake import CATALOG, LAKE_TABLES
from proof.filling import fill
from proof.relations import duckdb_type


@dataclass(frozen=True)
class Planned:
    """The data files of a table's current snapshot, as the catalog names them."""

    snapshot_id: int | None
    paths: tuple[str, ...]


# Plan(name) is the table's files; empty for a table that nothing was written to yet.
Plan = Callable[[str], Planned]


def open_catalog(postgres_url: str, warehouse: Path) -> SqlCatalog:
    """The laptop's Iceberg catalog, which lives in its Postgres; makes no tables."""
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
    return SqlCatalog(
        CATALOG,
        uri=uri.render_as_string(hide_password=False),
        warehouse=warehouse.as_uri(),
        init_catalog_tables="false",
    )


def plan_of(catalog: SqlCatalog) -> Plan:
    """How a catalog plans a table; a snapshot with delete files is an error, not a wrong answer."""

    def planned(name: str) -> Planned:
        try:
            table = catalog.load_table(name)
            snapshot = table.current_snapshot()
            tasks = list(table.scan().plan_files()) if snapshot else []
        except NoSuchTableError:
            return Planned(None, ())
        except FileNotFoundError as problem:
            raise ShopstreamError(
                f"the lake's metadata of {name} cannot be read: {problem}",
                cause="a metadata file of the warehouse was removed",
                command="restore the warehouse folder from a copy",
            ) from problem
        if any(task.delete_files for task in tasks):
            raise ShopstreamError(
                f"{name} holds row-level deletes, which the proof does not apply",
                cause="another engine changed the table with merge-on-read",
                command="rewrite the table's data files (Iceberg: rewrite_data_files), then again",
            )
        return Planned(
            snapshot.snapshot_id if snapshot else None,
            tuple(task.file.file_path for task in tasks),
        )

    return planned


def load_lake(connection: duckdb.DuckDBPyConnection, plan: Plan) -> None:
    """Put a view over its files in the place of each lake table; note the files that are gone."""
    for table in LAKE_TABLES:
        named = [local_path(path) for path in plan(table.name).paths]
        present = [path for path in named if path.exists()]
        gone = [(table.name, str(path)) for path in named if not path.exists()]
        fill(connection, "lake_missing_files", gone)
        fill(connection, "lake_files", [(table.name, len(present))] if present else [])
        if present:
            _show(connection, table, present)


def local_path(path: str) -> Path:
    """The file of a ``file:`` URL or a plain path."""
    parts = urlsplit(path)
    if parts.scheme not in ("", "file"):
        raise ShopstreamError(
            f"the proof reads lakes on this machine only, got {path}",
            cause="the warehouse is in an object store",
        )
    return Path(unquote(parts.path)) if parts.scheme else Path(path)


def _show(connection: duckdb.DuckDBPyConnection, table: Table, files: Sequence[Path]) -> None:
    selected = ", ".join(
        f'CAST("{column.name}" AS {duckdb_type(column)}) AS "{column.name}"'
        for column in table.columns
    )
    names = ", ".join("'" + str(path).replace("'", "''") + "'" for path in files)
    connection.execute(f"DROP TABLE {table.name}")
    connection.execute(
        f"CREATE VIEW {table.name} AS SELECT {selected} "
        f"FROM read_parquet([{names}], union_by_name = true, hive_partitioning = false)"
    )

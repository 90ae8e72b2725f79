"""The lake is read as its catalog names it: present files, gone files, no row-level deletes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.schema import Schema
from pyiceberg.types import (
    BinaryType,
    IntegerType,
    LongType,
    NestedField,
    StringType,
    TimestamptzType,
)

from contracts.errors import ShopstreamError
from contracts.tables.lake import BRONZE_EVENTS
from proof.loading import load_lake, planned
from proof.relations import connect
from readers.lake import TableFiles, local_path

_TYPES = {
    "text": (StringType(), pa.string()),
    "integer": (IntegerType(), pa.int32()),
    "bigint": (LongType(), pa.int64()),
    "timestamp": (TimestamptzType(), pa.timestamp("us", "UTC")),
    "bytes": (BinaryType(), pa.binary()),
}
AT = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def catalog(tmp_path: Path) -> SqlCatalog:
    return SqlCatalog(
        "shopstream",
        uri=f"sqlite:///{tmp_path / 'catalog.db'}",
        warehouse=(tmp_path / "warehouse").as_uri(),
    )


def with_offsets(catalog: SqlCatalog, *commits: range) -> None:
    """bronze.events with a data file a commit."""
    schema = Schema(
        *(
            NestedField(number, column.name, _TYPES[column.type][0], required=False)
            for number, column in enumerate(BRONZE_EVENTS.columns, start=1)
        )
    )
    catalog.create_namespace_if_not_exists("bronze")
    table = catalog.create_table("bronze.events", schema)
    values = {"text": "x", "integer": 0, "bigint": 1, "timestamp": AT, "bytes": b"v"}
    for offsets in commits:
        rows = [
            {c.name: values[c.type] for c in BRONZE_EVENTS.columns} | {"offset": number}
            for number in offsets
        ]
        arrow = pa.schema([(c.name, _TYPES[c.type][1]) for c in BRONZE_EVENTS.columns])
        table.append(pa.Table.from_pylist(rows, schema=arrow))


def offsets(connection: duckdb.DuckDBPyConnection) -> list[int]:
    rows = connection.execute('SELECT "offset" FROM bronze.events ORDER BY ALL').fetchall()
    return [row[0] for row in rows]


def test_a_table_shows_the_rows_of_its_current_snapshot(catalog: SqlCatalog) -> None:
    with_offsets(catalog, range(3), range(3, 5))
    connection = connect()
    load_lake(connection, catalog)
    assert offsets(connection) == [0, 1, 2, 3, 4]
    assert connection.execute("SELECT sum(files) FROM lake_files").fetchall() == [(2,)]
    (at,) = (
        connection.execute("SELECT min(epoch_us(append_time)) FROM bronze.events").fetchone() or ()
    )
    assert at == int(AT.timestamp()) * 1_000_000


def test_tables_that_nobody_wrote_are_empty(catalog: SqlCatalog) -> None:
    connection = connect()
    load_lake(connection, catalog)
    assert offsets(connection) == []
    assert planned(catalog, "silver.orders") == TableFiles(None, ())


def test_a_file_that_is_gone_is_named_and_the_rest_is_read(catalog: SqlCatalog) -> None:
    with_offsets(catalog, range(3), range(3, 5))
    gone = local_path(planned(catalog, "bronze.events").paths[0])
    gone.unlink()
    connection = connect()
    load_lake(connection, catalog)
    assert len(offsets(connection)) in (2, 3)
    missing = connection.execute("FROM lake_missing_files").fetchall()
    assert missing == [("bronze.events", str(gone))]


def test_a_file_that_no_snapshot_names_is_not_read(catalog: SqlCatalog) -> None:
    with_offsets(catalog, range(3))
    (path,) = planned(catalog, "bronze.events").paths
    orphan = local_path(path).with_name("orphan.parquet")
    orphan.write_bytes(local_path(path).read_bytes())
    connection = connect()
    load_lake(connection, catalog)
    assert offsets(connection) == [0, 1, 2]


def test_a_commit_changes_the_snapshot(catalog: SqlCatalog) -> None:
    with_offsets(catalog, range(3))
    before = planned(catalog, "bronze.events").snapshot_id
    catalog.load_table("bronze.events").delete("offset = 1")
    assert planned(catalog, "bronze.events").snapshot_id != before


def test_row_level_deletes_are_refused(catalog: SqlCatalog) -> None:
    @dataclass(frozen=True)
    class File:
        file_path: str = "a.parquet"

    @dataclass(frozen=True)
    class Task:
        delete_files: tuple[str, ...] = ("d.parquet",)
        file: File = File()

    @dataclass(frozen=True)
    class Snapshot:
        snapshot_id: int = 1

    class Table:
        def current_snapshot(self) -> Snapshot:
            return Snapshot()

        def scan(self) -> Table:
            return self

        def plan_files(self) -> list[Task]:
            return [Task()]

    catalog.load_table = lambda _: Table()  # type: ignore - what it asks of a table
    with pytest.raises(ShopstreamError, match="row-level deletes"):
        planned(catalog, "bronze.events")


@pytest.mark.parametrize(
    "path, file",
    [
        ("file:///a/b%20c.parquet", "/a/b c.parquet"),
        ("file:/a/b.parquet", "/a/b.parquet"),
        ("/a/b.parquet", "/a/b.parquet"),
    ],
)
def test_paths_are_found_however_an_engine_wrote_them(path: str, file: str) -> None:
    assert local_path(path) == Path(file)


def test_an_object_store_is_refused() -> None:
    with pytest.raises(ShopstreamError, match="only lakes on this machine"):
        local_path("s3://bucket/a.parquet")

"""`sql` and `quarantine`: what may be asked, and how answers are shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pyarrow as pa
import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.types import BooleanType

from contracts.errors import NotReady, ShopstreamError, Usage
from contracts.tables.lake import LAKE_TABLES
from contracts.tables.questions.order_metrics import ANSWER as ORDER_METRICS
from ops.commands.quarantine import query_of
from ops.commands.sql import session as session_of_sql
from ops.commands.sql.command import rows
from ops.commands.sql.session import empty_database, require_read, tables_named
from readers.lake import lake_tables, open_catalog, show_table
from readers.postgres import PostgresSnapshot


@pytest.fixture
def session() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect(":memory:")
    connection.execute("SET TimeZone = 'UTC'")
    for schema in ("bronze", "silver", "gold", "pg"):
        connection.execute(f"CREATE SCHEMA {schema}")
    yield connection
    connection.close()


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[SqlCatalog]:
    made = SqlCatalog(
        "shopstream", uri=f"sqlite:///{tmp_path}/catalog.db", warehouse=f"file://{tmp_path}/lake"
    )
    yield made
    made.destroy_tables()
    made.engine.dispose()


READS = ["SELECT 1", "FROM bronze.events", "WITH a AS (SELECT 1) FROM a", "DESCRIBE gold.x"]
REFUSED = [
    "DELETE FROM bronze.events",
    "CREATE TABLE a (b int)",
    "COPY (SELECT 1) TO 'a.csv'",
    "ATTACH 'a.db'",
    "INSTALL postgres",
    "SET threads = 99",
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP TABLE a",
    "",
    "-- nothing",
]


@pytest.mark.parametrize("text", READS)
def test_what_reads_may_be_asked(text: str) -> None:
    require_read(text)


@pytest.mark.parametrize("text", REFUSED)
def test_nothing_can_be_changed(text: str) -> None:
    with pytest.raises(Usage, match="only one SELECT"):
        require_read(text)


def test_what_is_no_sql_is_said() -> None:
    with pytest.raises(Usage, match="cannot be read"):
        require_read("selec 1")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("SELECT 1", []),
        ("FROM bronze.events", ["bronze.events"]),
        ('FROM "BRONZE" . "Events" JOIN pg.orders', ["bronze.events", "pg.orders"]),
        ("FROM pg.orders a, pg.orders b", ["pg.orders"]),
        ("FROM bronze.eventsx", []),
        ("FROM orders", []),
    ],
)
def test_only_tables_that_are_named_are_opened(text: str, found: list[str]) -> None:
    assert tables_named(text, ["bronze.events", "pg.orders"]) == found


def test_what_memory_does_not_hold_goes_to_the_given_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (spill := tmp_path / "spill").mkdir()
    (elsewhere := tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.setattr(session_of_sql, "MEMORY_LIMIT", "150MB")
    with closing(empty_database(spill)) as connection:
        sorted_rows = connection.sql(
            "SELECT uuid()::VARCHAR || repeat('x', 200) AS a FROM range(1_000_000) ORDER BY a"
        )
        assert next(iter(sorted_rows.to_arrow_reader(1_000))).num_rows
        assert list(spill.iterdir())
    assert not list(elsewhere.iterdir())


def test_lake_tables_are_read_from_their_current_files(
    session: duckdb.DuckDBPyConnection, catalog: SqlCatalog
) -> None:
    written = pa.table({"n": pa.array([1, 2], pa.int64()), "t": ["a'b", None]})
    catalog.create_namespace("silver")
    table = catalog.create_table("silver.mine", schema=written.schema)
    table.append(written)
    with table.update_schema() as update:
        update.add_column("late", BooleanType())
    table.append(pa.table({"n": pa.array([3], pa.int64()), "t": ["c"], "late": [True]}))
    show_table(session, catalog, "silver.mine")
    assert session.execute("FROM silver.mine ORDER BY n").fetchall() == [
        (1, "a'b", None),
        (2, None, None),
        (3, "c", True),
    ]


def test_rows_deleted_from_a_file_are_gone(
    session: duckdb.DuckDBPyConnection, catalog: SqlCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = pa.table({"n": pa.array([1, 2], pa.int64())})
    catalog.create_namespace("silver")
    catalog.create_table("silver.mine", schema=written.schema).append(written)
    file = type("File", (), {"file_path": "rows.parquet"})
    scan = type("Task", (), {"delete_files": ["a position delete"], "file": file})
    monkeypatch.setattr("pyiceberg.table.DataScan.plan_files", lambda self: [scan])
    monkeypatch.setattr("pyiceberg.table.DataScan.to_arrow", lambda self: written.slice(1))
    show_table(session, catalog, "silver.mine")
    assert session.execute("FROM silver.mine").fetchall() == [(2,)]


@pytest.mark.parametrize("name", [table.name for table in LAKE_TABLES])
def test_a_table_that_was_never_written_is_there_and_empty(
    session: duckdb.DuckDBPyConnection, catalog: SqlCatalog, name: str
) -> None:
    show_table(session, catalog, name)
    assert session.execute(f"FROM {name}").fetchall() == []
    assert name in lake_tables(catalog)


def test_a_file_that_is_gone_is_named(
    session: duckdb.DuckDBPyConnection, catalog: SqlCatalog, tmp_path: Path
) -> None:
    written = pa.table({"n": pa.array([1], pa.int64())})
    catalog.create_namespace("silver")
    catalog.create_table("silver.mine", schema=written.schema).append(written)
    for file in (tmp_path / "lake").rglob("*.parquet"):
        file.unlink()
    with pytest.raises(ShopstreamError, match=r"silver\.mine names a file that is gone: .*parquet"):
        show_table(session, catalog, "silver.mine")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reason": "x", "topic": None}, "no reason 'x'; known: empty, "),
        ({"reason": None, "topic": "' OR 1"}, "no topic"),
    ],
)
def test_only_known_words_reach_the_query(options: Any, message: str) -> None:
    with pytest.raises(Usage, match=message):
        query_of(limit=1, raw=False, **options)


@pytest.mark.parametrize(("raw", "shown"), [(False, None), (True, "0AFF")])
def test_quarantined_bytes_are_shown_on_demand_alone(
    session: duckdb.DuckDBPyConnection, catalog: SqlCatalog, raw: bool, shown: str | None
) -> None:
    show_table(session, catalog, "bronze.quarantine")
    for offset, reason in enumerate(["empty", "undecodable", "undecodable"]):
        session.execute(
            "INSERT INTO bronze.quarantine BY NAME SELECT 'ecommerce-orders' AS topic, "
            f"{offset} AS \"offset\", '{reason}' AS reason, unhex('0AFF') AS value, "
            "to_timestamp(0) AS append_time"
        )
    query = query_of(reason="undecodable", topic="ecommerce-orders", limit=5, raw=raw)
    found = list(rows(session.sql(query)))
    assert [(row[2], row[8], row[9]) for row in found] == [(2, 2, shown), (1, 2, shown)]


def test_postgres_that_does_not_answer() -> None:
    with pytest.raises(NotReady, match="Postgres does not answer"):
        PostgresSnapshot("postgresql://nobody@127.0.0.1:1/none", "test")


@pytest.mark.e2e
def test_a_lake_that_nobody_made_yet_is_not_ready(postgres: str, tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="the lake is not there yet") as error:
        open_catalog(postgres, tmp_path)
    assert "Spark" in error.value.cause
    assert error.value.command.startswith("shopstream status")


def test_a_catalog_that_does_not_answer_is_not_ready(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="catalog does not answer"):
        open_catalog("postgresql://nobody@127.0.0.1:1/none", tmp_path)


@pytest.mark.e2e
def test_postgres_tables_arrive_as_they_are(
    session: duckdb.DuckDBPyConnection, postgres: str
) -> None:
    with psycopg.connect(postgres) as connection:
        connection.execute(
            "CREATE TABLE odd (t text, n numeric(18,2), free numeric, b bytea, o boolean, u uuid, "
            'j jsonb, z timestamptz, "offset" bigint, a integer[], s text[])'
        )
        connection.execute(
            "INSERT INTO odd VALUES (%s, 1.5, 2.25, %s, true, %s, '{\"a\": 1}', "
            "'2020-01-01 00:00:00.000001+02', 7, '{1,2}', "
            "ARRAY['a', 'b \"c\", {d}', '', null]), "
            "(%s, null, null, null, null, null, null, null, null, null, null), "
            "('', null, null, '', false, null, null, null, null, null, '{}')",
            ('a "b",\nc', b"\x00\xff", "0f4c8a52-9d8e-5f6a-8b1c-2d3e4f5a6b7c", None),
        )
    with PostgresSnapshot(postgres, "test") as snapshot:
        assert "odd" in snapshot.tables
        assert not [name for name in snapshot.tables if "vault" in name or "subjects" in name]
        for name in snapshot.tables:
            with snapshot.copied(name) as found:
                session.execute(f"CREATE TABLE pg.{name} AS {found}")
    first, second, third = session.execute(
        'SELECT t, n, free, b, o, u::text, j, epoch_us(z), "offset", a, s FROM pg.odd'
    ).fetchall()
    assert first == (
        'a "b",\nc',
        Decimal("1.50"),
        "2.25",
        b"\x00\xff",
        True,
        "0f4c8a52-9d8e-5f6a-8b1c-2d3e4f5a6b7c",
        '{"a": 1}',
        1_577_829_600_000_001,
        7,
        "{1,2}",
        ["a", 'b "c", {d}', "", None],
    )
    assert second == (None,) * 11
    assert (*third[:5], third[10]) == ("", None, None, b"", False, [])
    described = session.execute("DESCRIBE pg.order_metrics").fetchall()
    assert [row[0] for row in described] == list(ORDER_METRICS.table.names)

"""The raw data file read again: its rows into DuckDB, by code of its own."""

from __future__ import annotations

import csv
import hashlib
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import cast

import duckdb
from python_calamine import CalamineError

from contracts.data_files.mappings import OrderMapping
from contracts.data_files.texts import MISSING
from contracts.errors import Usage
from contracts.events import OrderKind, replayed_click_id, replayed_order_id, replayed_purchase_id
from contracts.rejections import (
    EARLIEST_EVENT_US,
    MAX_MINOR,
    MAX_QUANTITY,
    MAX_TEXT_BYTES,
    MAX_UNIT_PRICE,
)
from contracts.topics import CLICKS, ORDERS
from proof.checks import prepare
from proof.source import exports, records
from proof.source.layouts import LAYOUTS, SourceLayout
from readers.filling import fill, read


@dataclass(frozen=True)
class DataFile:
    """A data file as it was found, and what a person said of it; `positions` are those of the
    layout's columns among its `width`."""

    path: Path
    sha256: str
    layout: SourceLayout
    reading: Mapping[str, str]
    positions: tuple[int, ...]
    width: int
    header: tuple[str, ...] = ()
    mapping: OrderMapping | None = None


@dataclass(frozen=True)
class ReplayedSlice:
    """What one run replayed of a file; `file` is its index among the files given.

    `latest_us` is when the run began, in the file's time; a later row is refused.
    """

    run: str
    file: int
    edition: str
    shift_us: int
    first_row: int
    last_row: int
    latest_us: int


def digest_of_data(path: Path) -> str:
    """The digest by which a ledger knows a data file; Usage when it cannot be read."""
    with _readable(path):
        return records.digest_of(path)


def inspect(path: Path, reading: Mapping[str, str] = MappingProxyType({})) -> DataFile:
    """A data file of any container; Usage when it cannot be read, or when its layout is not known.
    `reading` is what a person said of it."""
    sha256 = digest_of_data(path)
    with _readable(path):
        header = next(records.records_of(path, reading), [])
    found = records.layout_in(header, reading)
    if found is None:
        raise Usage(
            f"the data file has other columns than those that are known: {path}",
            cause=" or ".join(",".join(known.file.columns) for known in LAYOUTS) + " was expected",
            command="shopstream verify --source FILE with the file that was replayed",
        )
    known = next((known for known in LAYOUTS if known.file == found), None)
    layout = known or exports.layout_of(found)
    mapping = None if known else records.mapping_of(header, reading)
    meant = [found.column_of(name) for name in header]
    positions = tuple(meant.index(column) for column in found.columns)
    return DataFile(path, sha256, layout, reading, positions, len(header), tuple(header), mapping)


# `zipfile` raises NotImplementedError for a method of packing that it does not know.
_UNREADABLE = (
    *(OSError, EOFError, ValueError, NotImplementedError),
    *(zlib.error, zipfile.BadZipFile, CalamineError),
)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except _UNREADABLE as problem:
        raise Usage(
            f"the data file cannot be read: {path}: {problem}",
            cause="it is not there, or not a whole file",
            command="shopstream verify --source FILE with the file that was replayed",
        ) from problem


def make_relations(connection: duckdb.DuckDBPyConnection) -> None:
    """The relations that the source's SQL files read, empty."""
    exports.make_relations(connection)
    for layout in LAYOUTS:
        texts = ", ".join(f"{name} VARCHAR" for name in layout.fields)
        connection.execute(
            f"CREATE TABLE {layout.relation} (file INTEGER, row BIGINT, fields INTEGER, {texts})"
        )
    for statement in (
        "CREATE TABLE source_said (file INTEGER, width INTEGER, decimal VARCHAR, dates VARCHAR, "
        "zone VARCHAR)",
        "CREATE MACRO said_text(words) AS CASE WHEN lower(words) IN ("
        + ", ".join(f"'{word}'" for word in sorted(MISSING))
        + ") THEN '' ELSE words END",
        "CREATE TABLE pattern (kind VARCHAR, rank INTEGER, pattern VARCHAR, value VARCHAR)",
        "CREATE TABLE source_slice (run VARCHAR, file INTEGER, edition VARCHAR, shift_us BIGINT, "
        "first_row BIGINT, last_row BIGINT, latest_us BIGINT)",
        "CREATE TABLE source_event (file INTEGER, edition VARCHAR, position BIGINT, "
        "topic VARCHAR, event_id VARCHAR, run VARCHAR)",
        "CREATE TABLE source_again AS FROM source_event",
        "CREATE TABLE source_rejected (run VARCHAR, reason VARCHAR, told BIGINT)",
        "CREATE TABLE source_limit AS SELECT "
        f"{MAX_QUANTITY}::HUGEINT AS max_quantity, {MAX_UNIT_PRICE}::HUGEINT AS max_price, "
        f"{EARLIEST_EVENT_US}::BIGINT AS earliest_us, {MAX_MINOR}::HUGEINT AS max_total, "
        f"{MAX_TEXT_BYTES}::BIGINT AS max_bytes",
    ):
        connection.execute(statement)


def load_rows(connection: duckdb.DuckDBPyConnection, number: int, found: DataFile) -> int:
    """Fill its layout's relation with every data row of the file; return how many."""
    said = ({**(found.mapping.reading if found.mapping else {}), **found.reading}).get
    facts = (number, found.width, said("decimal"), said("dates"), said("timezone", "UTC"))
    fill(connection, "source_said", [tuple(map(str, facts))])
    with _readable(found.path):
        rows = records.records_of(found.path, found.reading)
        next(rows, None)
        if found.mapping is not None:
            exports.load_mapping(connection, number, found.mapping)
            items = exports.items(number, rows, found.header, found.mapping)
            return fill(connection, found.layout.relation, items)
        return fill(connection, found.layout.relation, _numbered(number, rows, found))


def _numbered(
    number: int, rows: Iterator[list[str]], found: DataFile
) -> Iterator[tuple[object, ...]]:
    for row, values in enumerate(rows, 1):
        if len(values) == found.width:
            texts = [values[at].strip() for at in found.positions]
        else:
            texts = [""] * len(found.positions)
        yield number, row, len(values), *texts


def load_patterns(connection: duckdb.DuckDBPyConnection, kind: str, path: Path) -> None:
    """Fill ``pattern`` from a csv of patterns and values with a header; a star matches any text."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))[1:]
    fill(
        connection,
        "pattern",
        [
            (kind, rank, _like(row[0].strip()), row[1].strip())
            for rank, row in enumerate(rows)
            if len(row) > 1
        ],
    )


def _like(pattern: str) -> str:
    return re.sub(r"([%_\\])", r"\\\1", pattern.lower()).replace("*", "%")


def derive_events(connection: duckdb.DuckDBPyConnection, slices: list[ReplayedSlice]) -> None:
    """From the rows to single events: ``source_invoice``, ``step_judged``, ``source_event``."""
    fill(connection, "source_slice", [astuple(one) for one in slices])
    prepare(connection, "source/meaning")
    prepare(connection, "source/items")
    prepare(connection, "source/orders")
    prepare(connection, "source/exports")
    prepare(connection, "source/steps")
    fill(connection, "source_event", _orders(connection))
    exports.load_events(connection)
    fill(connection, "source_event", _steps(connection))
    # Rows of two files can be one event: the first run that sent it is the one that counted.
    again = (
        "source_event WHERE rowid NOT IN "
        "(SELECT first(rowid ORDER BY run, rowid) FROM source_event GROUP BY topic, event_id)"
    )
    connection.execute(f"INSERT INTO source_again FROM {again}")
    connection.execute(f"DELETE FROM {again}")


def _orders(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[object, ...]]:
    statement = "SELECT file, edition, position, run, order_id, kind FROM source_position"
    for batch in read(connection, statement):
        for *place, run, order_id, kind in batch:
            event_id = replayed_order_id(str(place[1]), str(order_id), cast(OrderKind, kind))
            yield *place, ORDERS.name, event_id, run


def _steps(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[object, ...]]:
    statement = (
        "SELECT file, edition, position, run, content, place, kind = 'purchase' FROM step_position"
    )
    for batch in read(connection, statement):
        for *where, run, content, place, bought in batch:
            event_id = replayed_click_id(str(where[1]), str(content), cast(int, place))
            yield *where, CLICKS.name, event_id, run
            if bought:
                yield *where, ORDERS.name, replayed_purchase_id(event_id), run


def digest(path: Path) -> str:
    """SHA-256 of a table's bytes; Usage when it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as problem:
        raise Usage(
            f"the table cannot be read: {path}: {problem.strerror}",
            cause="it is not there",
            command="shopstream verify --source FILE --categories FILE --regions FILE",
        ) from problem

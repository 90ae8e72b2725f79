"""The raw data file read again: its rows into DuckDB, by code of its own."""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import BinaryIO, cast

import duckdb

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
from proof.source.layouts import LAYOUTS, SourceLayout, layout_of
from readers.filling import fill, read

_CHUNK = 1 << 20


@dataclass(frozen=True)
class DataFile:
    """A data file as it was found: `sha256` is of its decompressed bytes."""

    path: Path
    sha256: str
    encoding: str
    layout: SourceLayout


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


def inspect(path: Path) -> DataFile:
    """Digest, encoding and layout of a csv or csv.gz file; Usage when it cannot be read, or when
    its layout is not known."""
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8")()
    encoding = "utf-8-sig"
    try:
        with _opened(path) as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                if encoding != "latin-1":
                    encoding = _still_utf8(decoder, chunk, False)
        if encoding != "latin-1":
            encoding = _still_utf8(decoder, b"", True)
    except (OSError, EOFError) as problem:
        raise Usage(
            f"the data file cannot be read: {path}: {problem}",
            cause="it is not there, or not a whole csv or csv.gz file",
            command="shopstream verify --source FILE with the file that was replayed",
        ) from problem
    return DataFile(path, digest.hexdigest(), encoding, _layout(path, encoding))


def _layout(path: Path, encoding: str) -> SourceLayout:
    with _rows(path, encoding) as rows:
        layout = layout_of(next(rows, []))
    if layout is None:
        raise Usage(
            f"the data file has other columns than those that are known: {path}",
            cause=" or ".join(",".join(known.columns) for known in LAYOUTS) + " was expected",
            command="shopstream verify --source FILE with the file that was replayed",
        )
    return layout


@contextmanager
def _rows(path: Path, encoding: str) -> Iterator[Iterator[list[str]]]:
    """The header and the data rows, good or bad; an empty line is not a row."""
    with _opened(path) as file, io.TextIOWrapper(file, encoding=encoding, newline="") as text:
        yield (fields for fields in csv.reader(text) if fields)


def _still_utf8(decoder: codecs.IncrementalDecoder, chunk: bytes, final: bool) -> str:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8-sig"


def _opened(path: Path) -> BinaryIO:
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return cast(BinaryIO, gzip.open(path, "rb")) if packed else path.open("rb")


def make_relations(connection: duckdb.DuckDBPyConnection) -> None:
    """The relations that the source's SQL files read, empty."""
    for layout in LAYOUTS:
        texts = ", ".join(f"{name} VARCHAR" for name in layout.fields)
        connection.execute(
            f"CREATE TABLE {layout.relation} (file INTEGER, row BIGINT, fields INTEGER, {texts})"
        )
    for statement in (
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
    with _rows(found.path, found.encoding) as rows:
        next(rows, None)
        width = len(found.layout.columns)
        return fill(connection, found.layout.relation, _numbered(number, rows, width))


def _numbered(number: int, rows: Iterator[list[str]], width: int) -> Iterator[tuple[object, ...]]:
    for row, values in enumerate(rows, 1):
        fields = (*values[:width], *[""] * (width - len(values)))
        yield number, row, len(values), *(value.strip() for value in fields)


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
    prepare(connection, "source/orders")
    prepare(connection, "source/steps")
    fill(connection, "source_event", _orders(connection))
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

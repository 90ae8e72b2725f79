"""The records of a raw data file: unpacked, decoded and cut into fields by the proof's own code."""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, cast

import duckdb
import pyarrow as pa
from python_calamine import CalamineWorkbook

from contracts.data_files.layouts import FILE_LAYOUTS, FileLayout
from contracts.data_files.mappings import ROWS_BEFORE_HEADER, OrderMapping, mapping_in
from contracts.data_files.texts import SEPARATORS

_CHUNK = 1 << 20
_ROWS = 10_000
_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


def digest_of(path: Path) -> str:
    """SHA-256 of the unpacked bytes of a text, or of the bytes of a workbook or Parquet file."""
    digest = hashlib.sha256()
    with path.open("rb") if _is_table(path) else _unpacked(path) as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def records_of(path: Path, reading: Mapping[str, str]) -> Iterator[list[str]]:
    """The header and the rows, good or bad; a record without any text is left out. `reading` is
    what a person said of the file."""
    return (fields for fields in _records(path, reading) if any(map(str.strip, fields)))


def layout_in(header: Iterable[str], reading: Mapping[str, str]) -> FileLayout | None:
    """The layout whose columns a header names all, or that of its mapping."""
    names = list(header)
    for layout in FILE_LAYOUTS:
        if set(layout.columns) <= {layout.column_of(name) for name in names}:
            return layout
    mapping = mapping_of(names, reading)
    return mapping.layout(names) if mapping else None


def mapping_of(header: Iterable[str], reading: Mapping[str, str]) -> OrderMapping | None:
    """The mapping that a person gave, or a known one, if the header is that of its files."""
    names = list(header)
    mapping = mapping_in(names, reading.get("columns", ""))
    return mapping.within(names) if mapping and mapping.fits(names) else None


def _records(path: Path, reading: Mapping[str, str]) -> Iterator[list[str]]:
    head = _head(path)
    if head.startswith(b"PAR1"):
        return _parquet(path)
    if _is_table(path):
        return _sheet(path, reading)
    return _text(path, reading)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(8)


def _is_table(path: Path) -> bool:
    head = _head(path)
    if head.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(path) as packed:
            return "xl/workbook.xml" in packed.namelist()
    return head.startswith((b"PAR1", b"\xd0\xcf\x11\xe0"))


@contextmanager
def _unpacked(path: Path) -> Iterator[BinaryIO]:
    head = _head(path)
    if head.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(path) as packed:
            data = [
                name
                for name in packed.namelist()
                if not name.endswith("/") and not name.startswith("__MACOSX")
            ]
            with packed.open(data[0]) as file:
                yield cast(BinaryIO, file)
    elif head.startswith(b"\x28\xb5\x2f\xfd"):
        with pa.input_stream(str(path), compression="zstd") as file:
            yield file
    elif head.startswith(b"\x1f\x8b"):
        with gzip.open(path, "rb") as file:
            yield cast(BinaryIO, file)
    else:
        with path.open("rb") as file:
            yield file


def _encoding(path: Path) -> str:
    """That of a mark, or UTF-8 if the whole file is, or else that of Windows."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with _unpacked(path) as file:
        chunk = file.read(_CHUNK)
        if chunk[:2] in _MARKS:
            return _MARKS[chunk[:2]]
        try:
            while chunk:
                decoder.decode(chunk)
                chunk = file.read(_CHUNK)
            decoder.decode(b"", True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"


def _lines(path: Path, encoding: str) -> Iterator[str]:
    """The lines without their ends, of all three kinds; a mark is no part of the first."""
    with _unpacked(path) as packed:
        file = io.BufferedReader(cast(io.RawIOBase, packed), _CHUNK)
        if file.peek(3).startswith(codecs.BOM_UTF8):
            file.read(3)
        with io.TextIOWrapper(file, encoding) as text:
            for line in text:
                yield line.removesuffix("\n").removeprefix("\ufeff")


def _text(path: Path, reading: Mapping[str, str]) -> Iterator[list[str]]:
    lines = _lines(path, reading.get("encoding") or _encoding(path))
    lines = _from_header(lines, reading)
    head = next((line for line in lines if line.strip()), "")
    separator = reading.get("separator")
    if head.lower().startswith("sep=") and len(head) == 5:
        separator, head = separator or head[4], next(lines, "")
    separator = separator or next(
        (one for one in SEPARATORS if layout_in(_fields(head, one), reading)), SEPARATORS[0]
    )
    header = _fields(head, separator)
    yield header
    mapping = mapping_of(header, reading)
    if reading.get("multiline") or (mapping and mapping.reading.get("multiline")):
        yield from csv.reader((f"{line}\n" for line in lines), delimiter=separator)
    else:
        for line in lines:
            yield _fields(line, separator)


def _from_header(lines: Iterator[str], reading: Mapping[str, str]) -> Iterator[str]:
    """The lines without those that stand above the header of an export."""
    first = list(islice(lines, ROWS_BEFORE_HEADER))
    told = reading.get("separator")
    for at, line in enumerate(first):
        fields = (_fields(line, one) for one in ([told] if told else SEPARATORS))
        if any(mapping_of(names, reading) for names in fields):
            return chain(first[at:], lines)
    return chain(first, lines)


def _fields(line: str, separator: str) -> list[str]:
    """A line is a record. If its quotes do not pair, they are letters like others."""
    if '"' in line:
        try:
            for fields in csv.reader([line], delimiter=separator, strict=True):
                return fields
        except csv.Error:
            pass
    return line.split(separator)


def _parquet(path: Path) -> Iterator[list[str]]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        rows = connection.execute("SELECT * FROM read_parquet(?) LIMIT 0", [str(path)])
        yield [str(column[0]) for column in rows.description or ()]
        rows.execute("SELECT COLUMNS(*)::VARCHAR FROM read_parquet(?)", [str(path)])
        while batch := rows.fetchmany(_ROWS):
            yield from ([text or "" for text in row] for row in batch)


def _sheet(path: Path, reading: Mapping[str, str]) -> Iterator[list[str]]:
    wanted = reading.get("sheet")
    book = CalamineWorkbook.from_path(str(path))
    for name in [wanted] if wanted else book.sheet_names:
        rows = ([_cell(value) for value in row] for row in book.get_sheet_by_name(name).to_python())
        some = (_filled(fields) for fields in rows if any(fields))
        header = next(some, [])
        if layout_in(header, reading):
            yield header
            for fields in some:
                yield fields + [""] * (len(header) - len(fields))
            return


def _filled(fields: list[str]) -> list[str]:
    end = max((at for at, text in enumerate(fields, 1) if text.strip()), default=0)
    return fields[:end]


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.0f}" if value == round(value) and abs(value) < 1e15 else str(value)
    if isinstance(value, datetime):
        # Days are floats there, which miss whole seconds by less than half a millisecond.
        return (value + timedelta(microseconds=500)).isoformat(" ", "milliseconds")
    return str(value)

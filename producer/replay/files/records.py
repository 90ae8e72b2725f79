"""The records of a container, whatever it is, as blocks of texts behind one header."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from contracts.data_files.layouts import FileLayout
from contracts.data_files.texts import SEPARATORS
from contracts.errors import Usage
from producer.replay.files.containers import Container
from producer.replay.files.csv_block import Block, fields_of
from producer.replay.files.given import Given
from producer.replay.files.header import is_header
from producer.replay.files.text_lines import TextFile

ROWS_A_BLOCK = 4096


class Records(Protocol):
    """A container that is read once. `count` is how many records it has, which only the end of the
    reading tells; `heads` of them are the header and what stands above it."""

    names: list[str]
    heads: int

    def blocks(self) -> Iterator[Block]:
        """The records behind the header, some thousands per block."""

    @property
    def count(self) -> int: ...

    @property
    def sha256(self) -> str: ...

    def found(self) -> dict[str, str]:
        """What a person may want to know of the container."""


class TextRecords:
    """The lines of a text file, or with `multiline` its csv records."""

    def __init__(self, text: TextFile, layout: FileLayout, given: Given) -> None:
        self._text = text
        self._lines = text.blocks()
        self._multiline = given.multiline
        self._records = 0
        self._first = next(self._lines, b"")
        blank = 0
        lines = iter(self._first.splitlines(keepends=True))
        above = _rows_above(self._first, layout, given.separator)
        head = next(islice(lines, above, None), b"")
        while head and not head.strip():
            blank, head = blank + 1, next(lines, b"")
        self.heads = 1
        self.separator = given.separator
        if head[:4].lower() == b"sep=" and len(head.strip()) == 5:
            # A line for spreadsheets, which the others take for the header.
            self.separator = self.separator or head[4:5].decode()
            self.heads, head = 2, next(lines, b"")
        self.separator = self.separator or _separator(head.decode(), layout)
        self.names = fields_of(head.decode().removesuffix("\n"), self.separator) if head else []
        self.heads += blank + above
        self._first = b"".join(lines)

    def blocks(self) -> Iterator[Block]:
        if self._multiline:
            yield from self._over_lines()
            return
        width = len(self.names)
        for lines in chain(filter(None, [self._first]), self._lines):
            yield Block.of_lines(lines, width, self.separator)

    def _over_lines(self) -> Iterator[Block]:
        reader = csv.reader(self._each_line(), delimiter=self.separator, strict=True)
        while True:
            began = reader.line_num
            rows: list[list[str]] = []
            try:
                for fields in islice(reader, ROWS_A_BLOCK):
                    rows.append(fields)
                    began = reader.line_num
            except csv.Error as error:
                raise Usage(
                    f"{self._text.container.path}: row {self._records + len(rows) + 1}, which "
                    f"begins in line {began + self.heads + 1}: {error}",
                    cause="a quote is not closed, or text stands behind a closed one",
                    command="the same command without --multiline, if no text holds line breaks",
                ) from error
            if not rows:
                return
            self._records += len(rows)
            yield Block.of_rows(rows, len(self.names))

    def _each_line(self) -> Iterator[str]:
        for lines in chain([self._first], self._lines):
            yield from (line.decode() for line in lines.splitlines(keepends=True))

    @property
    def count(self) -> int:
        return self._records + self.heads if self._multiline else self._text.lines

    @property
    def sha256(self) -> str:
        return self._text.digest.hexdigest()

    def found(self) -> dict[str, str]:
        return {
            "container": self._text.container.words,
            "encoding": self._text.words,
            "separator": {"\t": "tab"}.get(self.separator, self.separator),
        }


def _rows_above(lines: bytes, layout: FileLayout, separator: str) -> int:
    """How many records stand above the header, if the layout knows such files."""
    first = lines.split(b"\n", layout.rows_before + 1)[: layout.rows_before]
    for at, line in enumerate(first):
        for one in (separator,) if separator else SEPARATORS:
            if is_header(fields_of(line.decode(), one), layout):
                return at
    return 0


def _separator(head: str, layout: FileLayout) -> str:
    """The separator that gives the layout's header; if none does, the one of most fields."""
    fields = {one: fields_of(head.strip("\n"), one) for one in SEPARATORS}
    fitting = (one for one in SEPARATORS if is_header(fields[one], layout))
    return next(fitting, max(SEPARATORS, key=lambda one: len(fields[one])))


class ParquetRecords:
    """The rows of a Parquet file."""

    heads = 0

    def __init__(self, container: Container) -> None:
        try:
            self._file = pq.ParquetFile(container.path)
        except (pa.ArrowException, OSError) as error:
            raise _damaged(container.path, error) from error
        self._path = container.path
        self.names = [str(name) for name in self._file.schema_arrow.names]

    def blocks(self) -> Iterator[Block]:
        for batch in self._batches():
            try:
                texts = [
                    column.cast(pa.string()).fill_null("").dictionary_encode()
                    for column in batch.columns
                ]
            except pa.ArrowException as error:
                raise Usage(f"{self._path}: a column holds no texts: {error}") from error
            yield Block.of_columns(tuple(texts))

    def _batches(self) -> Iterator[Any]:
        try:
            yield from self._file.iter_batches(batch_size=4 * ROWS_A_BLOCK)
        except (pa.ArrowException, OSError) as error:
            raise _damaged(self._path, error) from error

    @property
    def count(self) -> int:
        return int(self._file.metadata.num_rows)

    @property
    def sha256(self) -> str:
        return digest_of(self._path)

    def found(self) -> dict[str, str]:
        return {"container": "parquet"}


def _damaged(path: Path, error: Exception) -> Usage:
    return Usage(
        f"{path}: the Parquet file is damaged: {error}", cause="a download or copy did not finish"
    )


def digest_of(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()

"""A csv file, plain or gzip, read twice: once to judge it as a whole, then for its rows.

The first pass works on bytes and parses only what it must, because nothing is sent before it ends.
The second pass yields rows in blocks. Rows are numbered from 1 after the header; an empty line is
not a row. Memory does not grow with the file.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, TextIO

from contracts.errors import Usage
from producer.replay.files.csv_block import Block
from producer.replay.files.csv_scan import BLOCK_BYTES, Scan

_GZIP_MAGIC = b"\x1f\x8b"
# So many rows repeat most products of a shop; more rows would only take memory.
_LINES_BYTES = 1 << 21
_ROWS_A_BLOCK = 4096


@dataclass(frozen=True)
class CsvFile:
    """A file that was judged good; `rows` is its number of data rows.

    `sha256` is that of the unpacked bytes: a file and its gzip are the same data. With
    `one_line_rows` every line is exactly one row, so that the file can be cut at any line end.
    """

    path: Path
    sha256: str
    encoding: str
    columns: int
    rows: int
    one_line_rows: bool

    def blocks(self) -> Iterator[Block]:
        """The data rows in file order, some thousands per block."""
        if self.one_line_rows:
            with _bytes(self.path) as lines:
                for part in _whole_lines(lines):
                    utf8 = part.decode("latin-1").encode() if self.encoding == "latin-1" else part
                    yield Block.of_lines(utf8, self.columns)
        else:
            with _text(self.path, self.encoding) as stream:
                yield from _of_rows(stream, self.columns)


def judge(path: Path, columns: Sequence[str]) -> CsvFile:
    """Read the whole file once; Usage, with row and column, unless the file can be replayed."""
    scan = Scan()
    try:
        with _bytes(path) as stream:
            while block := stream.read(BLOCK_BYTES):
                scan.add(block)
        scan.end()
        if scan.one_line_rows:
            header, rows, last = scan.first_row(), scan.lines - 1, scan.last_row()
        else:
            header, rows, last = _parse_through(path, scan.encoding)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise Usage(
            f"{path}: the compressed data ends early or is damaged after row {scan.newlines}",
            cause="a download or copy did not finish",
            command=f"gzip -t {path}",
        ) from error
    except OSError as error:
        raise Usage(f"{path} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise Usage(f"{path}: {error}", cause="it is not a csv file, or it is damaged") from error
    _require_columns(path, header, columns)
    _require_whole(path, rows, last, columns)
    return CsvFile(
        path=path,
        sha256=scan.sha256.hexdigest(),
        encoding=scan.encoding,
        columns=len(columns),
        rows=rows,
        one_line_rows=scan.one_line_rows,
    )


def _require_columns(path: Path, header: list[str], columns: Sequence[str]) -> None:
    wanted = ",".join(columns)
    for number, name in enumerate(columns, start=1):
        found = header[number - 1] if number <= len(header) else None
        if found != name:
            shown = "nothing" if found is None else repr(found[:40])
            raise Usage(
                f"{path}: header row, column {number} should be {name!r}, found {shown}",
                cause="this is not a file of this layout, or its header is missing",
                command=f"give the file the header {wanted}",
            )
    if len(header) > len(columns):
        raise Usage(
            f"{path}: header row, column {len(columns) + 1} should not be there: "
            f"{header[len(columns)][:40]!r}",
            command=f"give the file the header {wanted}",
        )


def _require_whole(path: Path, rows: int, last: list[str], columns: Sequence[str]) -> None:
    if rows < 1:
        raise Usage(f"{path}: there is no data row after the header")
    if len(last) < len(columns):
        raise Usage(
            f"{path}: row {rows}, the last, ends within column {len(last)} "
            f"({columns[len(last) - 1]}): it has {len(last)} of {len(columns)} fields",
            cause="the file was cut in the middle of a row",
            command="copy the file again, or remove its last row",
        )


def _parse_through(path: Path, encoding: str) -> tuple[list[str], int, list[str]]:
    """Header, number of data rows and last row of a file whose rows are not lines."""
    rows, last = 0, [""]
    with _text(path, encoding) as stream:
        reader = csv.reader(stream)
        try:
            header = next((fields for fields in reader if fields), [])
            for fields in reader:
                if fields:
                    rows, last = rows + 1, fields
        except csv.Error as error:
            reason = f"row {rows + 1}, which ends at line {reader.line_num}: {error}"
            raise ValueError(reason) from error
    return header, rows, last


def _of_rows(stream: TextIO, width: int) -> Iterator[Block]:
    rows = (fields for fields in csv.reader(stream) if fields)
    next(rows, None)
    while block := list(islice(rows, _ROWS_A_BLOCK)):
        yield Block.of_rows(block, width)


def _whole_lines(stream: IO[bytes] | gzip.GzipFile) -> Iterator[bytes]:
    """The bytes of the stream after its first line, cut behind line ends."""
    stream.readline()
    while lines := stream.read(_LINES_BYTES):
        yield lines + stream.readline()


def _text(path: Path, encoding: str) -> TextIO:
    if _is_gzip(path):
        return gzip.open(path, "rt", encoding=encoding, newline="")
    return path.open(encoding=encoding, newline="")


def _bytes(path: Path) -> IO[bytes] | gzip.GzipFile:
    return gzip.open(path, "rb") if _is_gzip(path) else path.open("rb")


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC

"""Rows of a csv file as columns, so that a text that a column repeats is read once."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv

_TEXTS = pa.dictionary(pa.int32(), pa.string())


@dataclass(frozen=True)
class Block:
    """Rows in file order. Each column holds its distinct texts and, for each row, which one it is.

    A row with another number of fields is in `odd`, by its index from 0; in the columns it is
    empty. Records without any text are no rows: there were `blank` of them. `texts` are the columns
    as they are in the file, if `columns` are others.
    """

    columns: tuple[pa.DictionaryArray, ...]
    odd: Mapping[int, list[str]]
    blank: int = 0
    texts: tuple[pa.DictionaryArray, ...] | None = None

    @staticmethod
    def of_lines(lines: bytes, width: int, separator: str = ",") -> Block:
        """A block of UTF-8 lines, each of which is one record and ends in a line feed."""
        if not lines.strip():
            return Block.of_rows([], width, blank=lines.count(b"\n"))
        if b'"' in lines:
            lines = _with_closed_quotes(lines, separator)
        count = lines.count(b"\n")
        # The fast parser drops a byte order mark at the start of its input.
        if not lines.startswith(b"\xef\xbb\xbf"):
            try:
                return _without_blank(Block(_parsed(lines, width, separator), {}), count)
            except pa.ArrowInvalid:
                pass  # a row has another number of fields; the slow way finds out which
        rows = [fields_of(line, separator) for line in lines.decode().split("\n")[:-1]]
        return Block.of_rows(rows, width)

    @staticmethod
    def of_columns(columns: tuple[pa.DictionaryArray, ...]) -> Block:
        """A block of records that are columns already."""
        return _without_blank(Block(columns, {}), len(columns[0]))

    @staticmethod
    def of_rows(rows: Sequence[list[str]], width: int, blank: int = 0) -> Block:
        """A block of parsed records; `blank` more were blank."""
        some = [fields for fields in rows if any(map(str.strip, fields))]
        odd = {at: fields for at, fields in enumerate(some) if len(fields) != width}
        whole = [fields if len(fields) == width else [""] * width for fields in some]
        columns = zip(*whole, strict=True) if whole else [()] * width
        return Block(
            tuple(pa.array(texts, pa.string()).dictionary_encode() for texts in columns),
            odd,
            blank + len(rows) - len(some),
        )

    def __len__(self) -> int:
        return len(self.columns[0])

    @property
    def width(self) -> int:
        """How many fields a row of the file has."""
        return len(self.texts or self.columns)

    def meant(self, index: int) -> list[str] | None:
        """The texts of a row in the columns; None for a row with another number of fields."""
        if index in self.odd:
            return None
        return [column[index].as_py() for column in self.columns]

    def row(self, index: int) -> list[str]:
        """The fields of a row as they are in the file."""
        if index in self.odd:
            return self.odd[index]
        return [column[index].as_py() for column in self.texts or self.columns]


class Blocks(Protocol):
    """The data rows of a file, which can be read as often as wanted."""

    def blocks(self) -> Iterator[Block]:
        """The rows in file order, some thousands per block."""


def fields_of(line: str, separator: str) -> list[str]:
    """The fields of one record. Where quotes are not closed in it, they are part of the text."""
    if '"' not in line:
        return line.split(separator)
    try:
        return next(csv.reader((line,), delimiter=separator, strict=True))
    except csv.Error:
        return line.split(separator)


def _parsed(lines: bytes, width: int, separator: str) -> tuple[pa.DictionaryArray, ...]:
    names = [str(number) for number in range(width)]
    table = pv.read_csv(
        pa.BufferReader(lines),
        read_options=pv.ReadOptions(
            use_threads=False, column_names=names, block_size=len(lines) + 1
        ),
        parse_options=pv.ParseOptions(delimiter=separator),
        convert_options=pv.ConvertOptions(column_types=dict.fromkeys(names, _TEXTS)),
    )
    return tuple(column.combine_chunks() for column in table.columns)


def _without_blank(block: Block, records: int) -> Block:
    """The block without the records that hold no text; the parser left empty lines out."""
    rows = len(block)
    if pc.any(_is_empty(block.columns[0].dictionary)).as_py():
        named = pa.repeat(False, rows)
        for column in block.columns:
            held = pc.invert(_is_empty(column.dictionary))
            named = pc.or_(named, held.take(column.indices))
        if named.true_count != rows:
            block = Block(tuple(column.filter(named) for column in block.columns), {})
    return Block(block.columns, block.odd, records - len(block))


def _is_empty(texts: pa.StringArray) -> pa.BooleanArray:
    return pc.equal(pc.utf8_trim_whitespace(texts), "")


def _with_closed_quotes(lines: bytes, separator: str) -> bytes:
    """The lines; one that leaves a quote open, or text behind a closed one, is quoted anew as it
    stands. So no line swallows another."""
    found = _lines_with_quotes(lines)
    texts = [lines[start:end].decode() for start, end in found]
    try:
        # A line that leaves a quote open swallows the line after it; the last one swallows the end.
        ended = [*(f"{text}\n" for text in texts), "end\n"]
        if len(list(csv.reader(ended, delimiter=separator, strict=True))) == len(ended):
            return lines
    except csv.Error:
        pass
    pieces, at = [], 0
    for (start, end), text in zip(found, texts, strict=True):
        fields = (field.replace('"', '""') for field in fields_of(text, separator))
        pieces += [lines[at:start], separator.join(f'"{field}"' for field in fields).encode()]
        at = end
    return b"".join([*pieces, lines[at:]])


def _lines_with_quotes(lines: bytes) -> list[tuple[int, int]]:
    found = []
    at = lines.find(b'"')
    while at >= 0:
        end = lines.find(b"\n", at)
        found.append((lines.rfind(b"\n", 0, at) + 1, end))
        at = lines.find(b'"', end)
    return found

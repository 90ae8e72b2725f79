"""Rows of a csv file as columns, so that a text that a column repeats is read once."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa
import pyarrow.csv as pv

_TEXTS = pa.dictionary(pa.int32(), pa.string())


@dataclass(frozen=True)
class Block:
    """Rows in file order. Each column holds its distinct texts and, for each row, which one it is.

    A row with another number of fields is in `odd`, by its index from 0; in the columns it is
    empty.
    """

    columns: tuple[pa.DictionaryArray, ...]
    odd: Mapping[int, list[str]]

    @staticmethod
    def of_lines(lines: bytes, width: int) -> Block:
        """A block of UTF-8 lines: at least one, none empty, and each is exactly one row."""
        # The fast parser drops a byte order mark at the start of its input.
        if not lines.startswith(codecs.BOM_UTF8):
            try:
                return Block(_parsed(lines, width), {})
            except pa.ArrowInvalid:
                pass  # a row has another number of fields; the slow way finds out which
        texts = lines.decode().replace("\r\n", "\n").removesuffix("\r").removesuffix("\n")
        return Block.of_rows([_fields(line) for line in texts.split("\n")], width)

    @staticmethod
    def of_rows(rows: Sequence[list[str]], width: int) -> Block:
        """A block of parsed rows."""
        odd = {at: fields for at, fields in enumerate(rows) if len(fields) != width}
        whole = [fields if len(fields) == width else [""] * width for fields in rows]
        columns = zip(*whole, strict=True)
        return Block(tuple(pa.array(texts).dictionary_encode() for texts in columns), odd)

    def __len__(self) -> int:
        return len(self.columns[0])

    def row(self, index: int) -> list[str]:
        """The fields of a row as they are in the file."""
        if index in self.odd:
            return self.odd[index]
        return [column[index].as_py() for column in self.columns]


class Blocks(Protocol):
    """The data rows of a file, which can be read as often as wanted."""

    def blocks(self) -> Iterator[Block]:
        """The rows in file order, some thousands per block."""


def _parsed(lines: bytes, width: int) -> tuple[pa.DictionaryArray, ...]:
    names = [str(number) for number in range(width)]
    table = pv.read_csv(
        pa.BufferReader(lines),
        read_options=pv.ReadOptions(
            use_threads=False, column_names=names, block_size=len(lines) + 1
        ),
        convert_options=pv.ConvertOptions(column_types=dict.fromkeys(names, _TEXTS)),
    )
    return tuple(column.chunk(0) for column in table.columns)


def _fields(line: str) -> list[str]:
    return next(csv.reader((line,))) if '"' in line else line.split(",")

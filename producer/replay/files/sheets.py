"""Workbooks: the rows of one sheet as texts, as a csv file of it would hold them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from importlib import import_module
from itertools import islice
from typing import Any

from contracts.data_files.layouts import FileLayout
from contracts.errors import Usage
from producer.replay.files.containers import Container
from producer.replay.files.csv_block import Block
from producer.replay.files.header import is_header
from producer.replay.files.records import ROWS_A_BLOCK, digest_of

# A workbook keeps days as floats, which miss whole seconds by less than this.
_TICK = timedelta(milliseconds=1)
_EXACT = 1e15


class SheetRecords:
    """The rows of the sheet called `wanted`; if none is wanted, of the one that has the header."""

    def __init__(self, container: Container, layout: FileLayout, wanted: str) -> None:
        # It is needed for few files.
        calamine = import_module("python_calamine")
        self._path = container.path
        try:
            book = calamine.CalamineWorkbook.from_path(str(container.path))
            self._sheet = _chosen(book, self._path, layout, wanted)
        except (calamine.CalamineError, calamine.PasswordError, calamine.ZipError) as error:
            raise Usage(
                f"{container.path}: the workbook cannot be read: {error}",
                cause="it has a password, or a download or copy did not finish",
                command="save the sheet as csv",
            ) from error
        self._rows = _texts(self._sheet)
        self.heads, self.names = 0, []
        for fields in self._rows:
            self.heads, self.names = self.heads + 1, fields
            if fields:
                break

    def blocks(self) -> Iterator[Block]:
        width = len(self.names)
        while rows := list(islice(self._rows, ROWS_A_BLOCK)):
            whole = [fields + [""] * (width - len(fields)) for fields in rows]
            yield Block.of_rows(whole, width)

    @property
    def count(self) -> int:
        # The iterator begins with row 1, even where rows before the first used one are empty.
        return int(self._sheet.end[0]) + 1 if self._sheet.end else 0

    @property
    def sha256(self) -> str:
        return digest_of(self._path)

    def found(self) -> dict[str, str]:
        return {"container": "workbook", "sheet": str(self._sheet.name)}


def _chosen(book: Any, path: Any, layout: FileLayout, wanted: str) -> Any:
    names = list(book.sheet_names)
    if wanted:
        if wanted not in names:
            raise Usage(f"{path} has no sheet {wanted!r}", command=f"--sheet: {', '.join(names)}")
        return book.get_sheet_by_name(wanted)
    fitting = []
    for name in names:
        sheet = book.get_sheet_by_name(name)
        head = next(filter(None, _texts(sheet)), [])
        if is_header(head, layout):
            fitting.append(sheet)
    if len(fitting) > 1:
        held = ", ".join(repr(str(sheet.name)) for sheet in fitting)
        raise Usage(
            f"{path} has {len(fitting)} sheets of this layout: {held}",
            command="one command for each, with --sheet NAME",
        )
    return fitting[0] if fitting else book.get_sheet_by_index(0)


def _texts(sheet: Any) -> Iterator[list[str]]:
    """The rows; empty cells at the end of a row are left out."""
    for row in sheet.iter_rows():
        fields = [_text(value) for value in row]
        while fields and not fields[-1].strip():
            fields.pop()
        yield fields


def _text(value: Any) -> str:
    match value:
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < _EXACT else repr(value)
        case datetime():
            told = value + _TICK / 2
            told -= timedelta(microseconds=told.microsecond % 1000)
            return told.isoformat(" ")
        case date():
            return value.isoformat()
        case _:
            return str(value)

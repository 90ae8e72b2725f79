"""The header of a data file: which of its columns are those of the layout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from unicodedata import category

from contracts.data_files.layouts import FileLayout
from contracts.data_files.texts import SIGNS
from contracts.errors import Usage


@dataclass(frozen=True)
class Header:
    """`positions` say where the layout's columns stand, in the layout's order; `ignored` are the
    names of the others."""

    names: tuple[str, ...]
    positions: tuple[int, ...]
    ignored: tuple[str, ...]


def is_header(names: Sequence[str], layout: FileLayout) -> bool:
    """Whether a record names every column of the layout."""
    found = {layout.column_of(name) for name in names}
    return found.issuperset(layout.columns)


def header_of(path: Path, names: Sequence[str], layout: FileLayout) -> Header:
    """The header; Usage, with the column, if it is that of another kind of file."""
    meant = [layout.column_of(name) for name in names]
    if not any(name.strip() for name in names[:1]) and any(meant):
        raise Usage(
            f"{path}: header row, column 1 has no name",
            cause="a tool wrote its row numbers there",
            command="remove the column (in pandas: to_csv(..., index=False))",
        )
    for number, column in enumerate(layout.columns, start=1):
        places = [place for place, name in enumerate(meant, start=1) if name == column]
        if len(places) == 1:
            continue
        if places:
            raise Usage(f"{path}: header row, columns {places} are both {column!r}")
        found = repr(names[number - 1][:40]) if number <= len(names) else "nothing"
        raise Usage(
            f"{path}: header row, column {number} should be {column!r}, found {found}",
            cause="this is not a file of this layout, or its header is missing",
            command=f"give the file the header {','.join(layout.columns)}, in any order",
        )
    for name, meaning in zip(names, meant, strict=True):
        signs = {each for each in name if category(each) == "Sc"}
        if meaning in layout.prices and signs - set(SIGNS[layout.currency]):
            raise Usage(
                f"{path}: header row, column {name.strip()[:40]!r} is not in {layout.currency}",
                cause="the layout's prices have one currency",
                command="remove the sign from the header if it is wrong",
            )
    unnamed = next((at for at, name in enumerate(names) if not name.strip()), len(names))
    if any(name.strip() for name in names[unnamed:]):
        raise Usage(f"{path}: header row, column {unnamed + 1} has no name")
    return Header(
        tuple(names),
        tuple(meant.index(column) for column in layout.columns),
        tuple(
            name.strip() or f"column {at}"
            for at, (name, column) in enumerate(zip(names, meant, strict=True), start=1)
            if column is None
        ),
    )

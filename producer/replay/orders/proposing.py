"""`replay orders FILE --propose`: from a file to the mapping that is proposed for it."""

from __future__ import annotations

from pathlib import Path

from contracts.data_files.layouts import FileLayout
from contracts.data_files.mappings import ROWS_BEFORE_HEADER, mapping_in
from contracts.data_files.roles import NEEDED
from contracts.data_files.texts import SEPARATORS
from contracts.errors import Usage
from producer.replay.files.containers import regular_file
from producer.replay.files.csv_block import fields_of
from producer.replay.files.data_rows import first_lines, first_rows
from producer.replay.files.given import Given
from producer.replay.orders.proposal import ShownColumn, propose
from producer.replay.orders.proposal_text import ShownFile, proposal_of


def proposed_mapping(path: Path, given: Given) -> str:
    """The TOML of a mapping of a file, of which only the first rows are looked at."""
    with regular_file(path) as regular:
        names, separator = _header(first_lines(regular, given), given.separator)
        told = Given(**{**vars(given), "separator": separator})
        names, rows = first_rows(regular, _layout(tuple(names)), told)
    mapping = mapping_in(names)
    if mapping is not None:
        mapping = mapping.within(names)
    columns = [
        ShownColumn(name, [row[at] for row in rows if at < len(row)])
        for at, name in enumerate(names)
        if name.strip()
    ]
    if not columns:
        raise Usage(f"{path}: there is no header", cause="the file is empty, or its names are")
    known = mapping.columns if mapping else None
    return proposal_of(
        ShownFile(path.name, columns, separator, known, mapping.name if mapping else "")
    )


def _header(lines: list[str], separator: str) -> tuple[list[str], str]:
    """The record among the first lines that names most of what an order needs, with the separator
    that splits it best; nothing of no text."""
    best: tuple[int, int] = (-1, 0)
    found: list[str] = []
    by = separator
    for line in lines[: ROWS_BEFORE_HEADER + 1]:
        for one in (separator,) if separator else SEPARATORS:
            names = fields_of(line, one)
            roles = propose([ShownColumn(name, ()) for name in names])
            score = (sum(bool(roles.keys() & set(needed)) for needed in NEEDED), len(names))
            if score > best:
                best, found, by = score, names, one
    return found, by


def _layout(names: tuple[str, ...]) -> FileLayout:
    """A layout of any columns, by which the header is found again."""
    return FileLayout(
        "orders", names, {}, "", (), (), (), currency="", rows_before=ROWS_BEFORE_HEADER
    )

"""The rows of a data file, read from their container once and kept on the disk as columns.

What is read later is the copy: packed, wide or piped files take no longer than plain ones, and
nothing that happens to the file meanwhile bends a row. Memory does not grow with the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from contracts.data_files.layouts import FileLayout
from contracts.errors import EnvironmentProblem, Usage
from producer.replay.files.containers import Container, container_of, regular_file
from producer.replay.files.csv_block import Block
from producer.replay.files.evidence import Evidence, Meaning
from producer.replay.files.given import Given
from producer.replay.files.header import Header, header_of
from producer.replay.files.records import ParquetRecords, Records, TextRecords
from producer.replay.files.sheets import SheetRecords
from producer.replay.files.text_lines import NotUtf8, TextFile

_SAMPLES = 3
_FIRST_ROWS = 2_000
_TEXTS = pa.dictionary(pa.int32(), pa.string())
_ODD = b"odd"


@dataclass(frozen=True)
class DataRows:
    """A file that was read to its end; `rows` is its number of data rows, and `records` that of all
    records of the container: `heads` above the data, `blank` ones, and the rows.

    `sha256` is that of the unpacked bytes: a file and its gzip are the same data. `found` is what
    was found of the file, by name.
    """

    path: Path
    sha256: str
    columns: tuple[str, ...]
    date: str
    header: Header
    rows: int
    records: int
    heads: int
    blank: int
    meaning: Meaning
    found: dict[str, str]
    samples: list[list[str]]
    copy: Path = field(repr=False)

    def blocks(self) -> Iterator[Block]:
        """The data rows in file order, some thousands per block; `columns` are the layout's."""
        with pa.OSFile(str(self.copy)) as file, pa.ipc.open_stream(file) as stream:
            while True:
                try:
                    batch, more = stream.read_next_batch_with_custom_metadata()
                except StopIteration:
                    return
                odd = json.loads(more[_ODD]) if more is not None else {}
                texts = tuple(batch.columns)
                wanted = [texts[at] for at in self.header.positions]
                yield Block(
                    columns=self.meaning.plain_columns(wanted),
                    odd={int(index): fields for index, fields in odd.items()},
                    texts=texts,
                )


@contextmanager
def opened(path: Path, layout: FileLayout, given: Given) -> Iterator[DataRows]:
    """Read the whole file; Usage, with row and column, unless it can be replayed."""
    with regular_file(path) as regular, TemporaryDirectory(prefix="shopstream-rows-") as folder:
        container = container_of(regular)
        try:
            rows = _read(path, _records(container, layout, given), layout, given, Path(folder))
        except NotUtf8:
            old = TextRecords(TextFile.old(container), layout, given)
            rows = _read(path, old, layout, given, Path(folder))
        yield rows


def header_names(path: Path, layout: FileLayout, given: Given) -> list[str]:
    """The header of a regular file, where it is that of the layout; otherwise its first record."""
    container = container_of(path)
    try:
        return _records(container, layout, given).names
    except NotUtf8:
        return TextRecords(TextFile.old(container), layout, given).names


def first_lines(path: Path, given: Given) -> list[str]:
    """The first lines of a regular file; none of one that is no text."""
    container = container_of(path)
    if container.kind in ("parquet", "sheet"):
        return []
    try:
        block = next(TextFile(container, given.encoding).blocks(), b"")
    except NotUtf8:
        block = next(TextFile.old(container).blocks(), b"")
    return block.decode().splitlines()


def first_rows(path: Path, layout: FileLayout, given: Given) -> tuple[list[str], list[list[str]]]:
    """The header of a regular file, as `header_names` gives it, and the first rows below it."""
    container = container_of(path)
    try:
        records = _records(container, layout, given)
        block = next(records.blocks(), None)
    except NotUtf8:
        records = TextRecords(TextFile.old(container), layout, given)
        block = next(records.blocks(), None)
    count = 0 if block is None else min(len(block), _FIRST_ROWS)
    return records.names, [block.row(at) for at in range(count)] if block else []


def _records(container: Container, layout: FileLayout, given: Given) -> Records:
    match container.kind:
        case "parquet":
            return ParquetRecords(container)
        case "sheet":
            return SheetRecords(container, layout, given.sheet)
        case _:
            return TextRecords(TextFile(container, given.encoding), layout, given)


def _read(path: Path, records: Records, layout: FileLayout, given: Given, folder: Path) -> DataRows:
    """Copy the rows to the disk, and look at all that they show."""
    header = header_of(path, records.names, layout)
    copy, evidence = _Copy(folder / "rows.arrow", header), Evidence(layout, header)
    try:
        with copy:
            for block in records.blocks():
                if len(block):
                    evidence.add(block, copy.rows)
                copy.add(block)
    except (pa.ArrowException, OSError) as error:
        raise EnvironmentProblem(
            f"the rows of {path} could not be copied to {folder}: {error}",
            command="TMPDIR=FOLDER of a disk with room, and the same command",
        ) from error
    if records.count != records.heads + copy.blank + copy.rows:
        raise Usage(
            f"{path}: {records.count:,} records are not {records.heads} of the header, "
            f"{copy.blank:,} blank ones and {copy.rows:,} rows",
            cause=f"rows were lost before row {copy.rows + 1:,}",
        )
    if not layout.is_footer(copy.last):
        _require_whole(path, copy, header)
    meaning = evidence.meaning(path, given)
    return DataRows(
        path=path,
        sha256=records.sha256,
        columns=layout.columns,
        date=layout.date,
        header=header,
        rows=copy.rows,
        records=records.count,
        heads=records.heads,
        blank=copy.blank,
        meaning=meaning,
        found={**records.found(), **meaning.found},
        samples=copy.samples,
        copy=copy.path,
    )


class _Copy:
    """The rows of a file on their way to the disk; `last` is the last one so far."""

    def __init__(self, path: Path, header: Header) -> None:
        self.path = path
        self.rows = self.blank = 0
        self.samples: list[list[str]] = []
        self.last: list[str] = []
        self._schema = pa.schema([(str(at), _TEXTS) for at in range(len(header.names))])
        self._held = ExitStack()

    def __enter__(self) -> None:
        file = self._held.enter_context(pa.OSFile(str(self.path), "wb"))
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        stream = pa.ipc.new_stream(file, self._schema, options=options)
        self._stream = self._held.enter_context(stream)

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def add(self, block: Block) -> None:
        self.blank += block.blank
        if not len(block):
            return
        wanted = min(len(block), _SAMPLES - len(self.samples))
        self.samples += [block.row(at) for at in range(wanted)]
        self.last = block.row(len(block) - 1)
        self.rows += len(block)
        odd = {_ODD.decode(): json.dumps(dict(block.odd))} if block.odd else None
        self._stream.write_batch(pa.record_batch(list(block.columns), schema=self._schema), odd)


def _require_whole(path: Path, copy: _Copy, header: Header) -> None:
    rows, last = copy.rows, copy.last
    if rows < 1:
        raise Usage(f"{path}: there is no data row after the header")
    if len(last) < len(header.names):
        raise Usage(
            f"{path}: row {rows}, the last, ends within column {len(last)} "
            f"({header.names[len(last) - 1]}): it has {len(last)} of {len(header.names)} fields",
            cause="the file was cut in the middle of a row",
            command="copy the file again, or remove its last row",
        )

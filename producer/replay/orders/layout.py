"""The layout of a shop's own export: its mapping is given, or found by the header."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from contracts.data_files.mappings import OrderMapping, shipped_mappings
from contracts.errors import Usage
from contracts.ledger import Run
from contracts.rejections import LATEST_TIME_US
from contracts.topics import ORDERS, Topic
from producer.replay.files.containers import regular_file
from producer.replay.files.csv_block import Blocks
from producer.replay.files.data_rows import DataRows, header_names, opened
from producer.replay.files.given import Given
from producer.replay.files.rejected_rows import OnRejected
from producer.replay.files.row_slice import RowSlice
from producer.replay.order_encoder import OrderEncoder, order_encoder
from producer.replay.orders.reading import ExportReading
from producer.replay.survey import nobody
from producer.replay.values.patterns import PatternTable
from producer.replay.values.row_values import TimeLimits
from producer.subjects import Tokens
from producer.wiring import ProducerEndpoints


class Exports:
    """Orders of an export. `mapping` holds the columns that the file has, once it is opened."""

    topics: Sequence[Topic] = (ORDERS,)
    noun = "orders"
    names_people_in_ids = False

    def __init__(
        self, mapping: OrderMapping | None, categories: PatternTable, regions: PatternTable
    ) -> None:
        self.categories_sha256 = categories.sha256
        self.regions_sha256 = regions.sha256
        self._known = shipped_mappings() if mapping is None else (mapping,)
        self._given = mapping is not None
        self.mapping = self._known[0]
        self.file = self.mapping.layout(())
        self._priced = 0
        self._categories = categories
        self._regions = regions

    @contextmanager
    def opened(self, path: Path, given: Given) -> Iterator[DataRows]:
        """The rows of a file; Usage unless it has the header of a mapping."""
        with regular_file(path) as regular:
            names = self._header(path, regular, given)
            self.file = self.mapping.layout(names)
            told = reading_of(self.mapping, given)
            with opened(regular, self.file, told) as file:
                columns = self.mapping.columns
                price = columns.get("line_amount") or columns["unit_price"]
                self._priced = file.header.positions[self.file.columns.index(price)]
                found = {"mapping": self.mapping.name or "given", **file.found}
                yield replace(file, path=path, found=found)

    def newest_time(self, file: Blocks, chosen: RowSlice) -> int | None:
        limits = TimeLimits(shift_us=0, latest=LATEST_TIME_US)
        with closing(self.reading(limits, chosen, nobody)) as reading:
            return reading.newest_time(file)

    def reading(
        self, limits: TimeLimits, chosen: RowSlice, on_rejected: OnRejected
    ) -> ExportReading:
        return ExportReading(
            self.mapping,
            self.file,
            self._priced,
            limits=limits,
            categories=self._categories,
            chosen=chosen,
            on_rejected=on_rejected,
        )

    def encoder(
        self, endpoints: ProducerEndpoints, run: Run, tokens: Tokens, now_us: Callable[[], int]
    ) -> OrderEncoder:
        return order_encoder(endpoints, run, tokens, self._regions, now_us)

    def _header(self, path: Path, regular: Path, given: Given) -> list[str]:
        """The header; `mapping` is then the one that fits it, without columns that it has not."""
        names: list[str] = []
        for mapping in self._known:
            told = reading_of(mapping, given)
            names = header_names(regular, mapping.needed_layout(), told)
            if mapping.fits(names):
                self.mapping = mapping.within(names)
                break
        else:
            known = ", ".join(mapping.name or "the given one" for mapping in self._known)
            raise Usage(
                f"{path}: no mapping fits the header {','.join(names)[:200]}",
                cause=f"the mappings are: {known}",
                command="--columns mapping.toml says which column means what: docs/exports.md",
            )
        lost = set(mapping.columns.values()) - set(self.mapping.columns.values())
        if lost and self._given:
            raise Usage(
                f"{path}: the file has no column {', '.join(map(repr, sorted(lost)))}",
                cause="the mapping names it",
                command="correct the mapping, or remove the column from it",
            )
        return names


def reading_of(mapping: OrderMapping, given: Given) -> Given:
    """How a file is read: as a person said, or else as its mapping says."""
    told = {name: value for name, value in mapping.reading.items() if not getattr(given, name)}
    if told.get("separator") == "tab":
        told["separator"] = "\t"
    return replace(given, **told)

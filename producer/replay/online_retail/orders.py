"""Rows of the Online Retail layout grouped into orders by invoice.

All accepted rows of an InvoiceNo are one order, wherever they stand in the file. Orders leave in
the order of their first accepted rows. An order is what its rows say, in whatever order they stand:
its time is the earliest of its lines, its customer and country are the first in the alphabet that
lines name, and its lines are sorted by their encoded bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa

from contracts.events import OrderKind
from contracts.rejections import MAX_VALUE_BYTES
from producer.replay.file_order import TOO_LARGE, FileOrder, is_too_large
from producer.replay.files.csv_block import Block, Blocks
from producer.replay.files.neighbours import Neighbours
from producer.replay.files.rejected_rows import OnRejected
from producer.replay.files.row_slice import RowSlice
from producer.replay.files.scratch import gathered
from producer.replay.online_retail.order_lines import (
    ORDER_LINES,
    InvoicePart,
    OrderLineReader,
    first_named,
    parts_of,
)
from producer.replay.online_retail.rows import why_rejected
from producer.replay.survey import Survey, rejection_of
from producer.replay.values.patterns import PatternTable
from producer.replay.values.row_values import UNSPECIFIED, RowRejected, TimeLimits


@dataclass(slots=True)
class _OpenOrder:
    """An order that may still get lines. The lines of one that is too large are not kept."""

    invoice: str
    position: int
    time: int
    customer: str | None = None
    country: str | None = None
    rows: list[int] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)
    size: int = 0
    total: int = 0

    def add(self, part: InvoicePart) -> None:
        self.time = min(self.time, part.time)
        self.customer = first_named([self.customer, part.customer])
        self.country = first_named([self.country, part.country])
        self.rows += part.rows
        self.lines += part.lines
        self.size += sum(map(len, part.lines))
        self.total += part.total
        if self.size > MAX_VALUE_BYTES:
            self.lines.clear()

    def as_event(self) -> FileOrder:
        if self.invoice.startswith("C"):
            kind: OrderKind = "cancelled"
        else:
            kind = "placed" if self.total > 0 else "adjustment"
        return FileOrder(
            position=self.position,
            event_time=self.time,
            order_id=self.invoice,
            kind=kind,
            customer=self.customer,
            country=self.country or UNSPECIFIED,
            line_count=len(self.lines),
            lines=b"".join(sorted(self.lines)),
            total=self.total,
        )

    @property
    def is_too_large(self) -> bool:
        country = self.country or UNSPECIFIED
        return is_too_large(self.size, self.invoice, country, self.total)


class Grouping:
    """Groups the rows of a file; `rows` is the number of the last row that was read.

    If the survey shows that the rows of each order are neighbours, memory holds one order.
    Otherwise they are sorted on disk first.
    """

    def __init__(
        self,
        *,
        limits: TimeLimits,
        categories: PatternTable,
        chosen: RowSlice,
        on_rejected: OnRejected,
    ) -> None:
        self.rows = 0
        self._limits = limits
        self._chosen = chosen
        self._neighbours = False
        self._on_rejected = on_rejected
        self._reader = OrderLineReader(limits, categories)

    def survey(self, file: Blocks) -> Survey:
        """Look at all rows, and see whether those of each order are neighbours."""
        survey, neighbours = Survey(), Neighbours()
        for block in file.blocks():
            neighbours.add(self._reader.invoices(block))
            survey.add(block, self._reader.unusable(block), self._why)
        self._neighbours = neighbours.everywhere
        return survey

    def events(self, file: Blocks) -> Iterator[FileOrder]:
        """The orders of the slice; reading stops behind the last of them where it can."""
        for order in self._orders(file):
            if self._chosen.is_past(order.position):
                return
            if not self._chosen.holds(order.position):
                continue
            if order.is_too_large:
                self._reject_all(order)
            else:
                yield order.as_event()

    def _orders(self, file: Blocks) -> Iterator[_OpenOrder]:
        batches = map(self._lines, file.blocks())
        order: _OpenOrder | None = None
        for batch in batches if self._neighbours else gathered(batches, ORDER_LINES, "invoice"):
            for part in parts_of(batch):
                if order is None or order.invoice != part.invoice:
                    if order is not None:
                        yield order
                    order = _OpenOrder(part.invoice, part.rows[0], part.time)
                order.add(part)
        if order is not None:
            yield order

    def _lines(self, block: Block) -> pa.RecordBatch:
        lines, rejected = self._reader.read(block, self.rows)
        for index in rejected:
            self._reject(self.rows + index + 1, block, index)
        self.rows += len(block)
        return lines

    def close(self) -> None:
        """There is nothing to give back."""

    def _why(self, texts: list[str]) -> RowRejected | None:
        return why_rejected(texts, self._limits)

    def _reject(self, number: int, block: Block, index: int) -> None:
        if self._chosen.holds(number):
            self._on_rejected(number, rejection_of(block, index, self._why), block.row(index))

    def _reject_all(self, order: _OpenOrder) -> None:
        why = RowRejected("out_of_range", "InvoiceNo", order.invoice, TOO_LARGE)
        for row in order.rows:
            self._on_rejected(row, why, [order.invoice])

"""Rows of the Online Retail layout grouped into orders by invoice.

An accepted row joins the order of its InvoiceNo if it comes at most 1,000 rows after that order's
last accepted row (rows of every kind count). Otherwise it begins a new order with the same number.
Orders leave in the order of their first accepted rows. An order's number, location and region are
those of its first accepted row. Its time is the earliest time of its lines, and its customer is the
first one that a line names. Lines keep file order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

from contracts.events import OrderKind
from contracts.rejections import MAX_MINOR, MAX_VALUE_BYTES
from producer.replay.files.csv_block import Block
from producer.replay.files.patterns import PatternTable
from producer.replay.files.rejected_rows import OnRejected
from producer.replay.files.row_slice import RowSlice
from producer.replay.files.row_values import UNSPECIFIED, TimeLimits
from producer.replay.online_retail.invoice_parts import InvoicePart, InvoicePartReader
from producer.replay.online_retail.rows import COLUMNS, customer_of, why_rejected

LOOK_AHEAD_ROWS = 1000
# What a value may hold besides its lines. Tokens and numbers take far less; the order's number and
# its country are counted on top, because a hostile file may make them long.
_ENVELOPE_BYTES = 1024

_TOO_LARGE = f"the order is larger than {MAX_VALUE_BYTES} bytes or a total of {MAX_MINOR} pence"


class RetailOrder(NamedTuple):
    """One order with encoded lines; `position` is the number of its first accepted row."""

    position: int
    event_time: int
    order_id: str
    kind: OrderKind
    customer: str | None
    country: str
    line_count: int
    lines: bytes
    total: int


@dataclass(slots=True)
class _OpenOrder:
    """An order that may still get lines."""

    position: int
    invoice: str
    time: int
    country: str
    customer: str = ""
    parts: list[bytes] = field(default_factory=list)
    rows: list[range] = field(default_factory=list)
    last_row: int = 0
    line_count: int = 0
    size: int = 0
    total: int = 0

    def add(self, part: InvoicePart) -> None:
        """Take the lines of a part, and its customer unless an earlier line named one."""
        self.time = min(self.time, part.time)
        if part.customer and not self.customer:
            self.customer = part.customer if customer_of(part.customer) else ""
        self.parts.append(part.lines)
        self.rows.append(range(part.first, part.last + 1))
        self.last_row = part.last
        self.line_count += part.last + 1 - part.first
        self.size += len(part.lines)
        self.total += part.total

    def as_event(self) -> RetailOrder:
        if self.invoice.startswith("C"):
            kind: OrderKind = "cancelled"
        else:
            kind = "placed" if self.total > 0 else "adjustment"
        return RetailOrder(
            position=self.position,
            event_time=self.time,
            order_id=self.invoice,
            kind=kind,
            customer=customer_of(self.customer),
            country=self.country or UNSPECIFIED,
            line_count=self.line_count,
            lines=b"".join(self.parts),
            total=self.total,
        )


class Grouping:
    """Groups rows of blocks, in file order; `rows` is the number of the last row that was read."""

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
        self._on_rejected = on_rejected
        self._reader = InvoicePartReader(limits, categories)
        self._open: dict[str, _OpenOrder] = {}
        self._waiting: deque[_OpenOrder] = deque()
        self._too_large: list[_OpenOrder] = []

    def events(self, blocks: Iterable[Block]) -> Iterator[RetailOrder]:
        """The orders of the slice; reading stops once the last of them is closed."""
        for block in blocks:
            self._add(block)
            yield from self._closed(LOOK_AHEAD_ROWS)
            if self._waiting and self._chosen.is_past(self._waiting[0].position):
                return
        yield from self._closed(0)

    def _add(self, block: Block) -> None:
        parts, rejected = self._reader.read(block, self.rows)
        for index in rejected:
            self._reject(self.rows + index + 1, block.row(index))
        for part in parts:
            self._order(part).add(part)
        self.rows += len(block)

    def _order(self, part: InvoicePart) -> _OpenOrder:
        """The order that a part joins."""
        order = self._open.get(part.invoice)
        if order is None or part.first - order.last_row > LOOK_AHEAD_ROWS:
            order = _OpenOrder(part.first, part.invoice, part.time, part.country.strip())
            self._open[part.invoice] = order
            self._waiting.append(order)
        return order

    def _reject(self, number: int, fields: list[str]) -> None:
        if self._chosen.holds(number):
            rejected = why_rejected(fields, self._limits)
            assert rejected is not None
            self._on_rejected(number, rejected.reason, rejected.detail, fields)

    def _closed(self, silent_rows: int) -> Iterator[RetailOrder]:
        """Take the orders at the head of the queue that got no row for `silent_rows` rows."""
        waiting, until = self._waiting, self.rows - silent_rows
        # An order that is too large already leaves as well, although it may still get lines.
        while waiting and (waiting[0].last_row <= until or waiting[0].size > MAX_VALUE_BYTES):
            order = waiting.popleft()
            event = order.as_event()
            if order.last_row > until or _is_too_large(event):
                self._too_large.append(order)
                continue
            self._forget(order)
            if self._chosen.holds(event.position):
                yield event
        if self._too_large:
            self._report_too_large(until)

    def _report_too_large(self, until: int) -> None:
        """Reject the rows that oversized orders have so far; these orders may still get more."""
        for order in self._too_large:
            if self._chosen.holds(order.position):
                fields = [order.invoice] + [""] * (len(COLUMNS) - 1)
                for row in chain.from_iterable(order.rows):
                    self._on_rejected(row, "out_of_range", _TOO_LARGE, fields)
            order.rows.clear()
            order.parts.clear()
            if order.last_row <= until:
                self._forget(order)
        self._too_large = [order for order in self._too_large if order.last_row > until]

    def _forget(self, order: _OpenOrder) -> None:
        if self._open.get(order.invoice) is order:
            del self._open[order.invoice]


def _is_too_large(event: RetailOrder) -> bool:
    # A character takes at most four bytes; the rest of a value is far below the allowance.
    most = len(event.lines) + 4 * len(event.order_id + event.country) + _ENVELOPE_BYTES
    return most > MAX_VALUE_BYTES or abs(event.total) > MAX_MINOR

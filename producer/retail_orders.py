"""Rows of the Online Retail layout grouped into orders by invoice.

An accepted row joins the order of its InvoiceNo when it comes at most 1,000 rows after that order's
last accepted row (rows of every kind count); otherwise it begins a new order with the same number.
Orders leave in the order of their first accepted rows. An order's number, location and region are
those of its first accepted row, its time is the earliest of its lines, its customer the first that
a line names; lines keep file order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from contracts.events import OrderKind
from contracts.rejections import LATEST_TIME_US, MAX_MINOR, MAX_VALUE_BYTES
from producer.csv_file import Block
from producer.patterns import PatternTable
from producer.retail_cache import Products, Times, Values
from producer.retail_rows import (
    COLUMNS,
    RowReason,
    RowRejected,
    TimeLimits,
    customer_of,
    require_invoice,
    why_rejected,
)

LOOK_AHEAD_ROWS = 1000
UNSPECIFIED = "Unspecified"
# What a value may hold besides its lines: far more than number, country and tokens take, unless the
# file is made to break it; those fields are counted on top.
_ENVELOPE_BYTES = 1024
# Orders of fewer lines are measured once, when they close; longer ones also while they grow.
_MANY_LINES = 4096

_TOO_LARGE = f"the order is beyond {MAX_VALUE_BYTES} bytes or a total of {MAX_MINOR} pence"

# Takes (row number, reason, detail, fields) of each row that is no line of an order.
OnRejected = Callable[[int, RowReason, str, list[str]], None]


class RetailOrder(NamedTuple):
    """One order, its lines already encoded; `position` is the number of its first accepted row."""

    position: int
    event_time: int
    order_id: str
    kind: OrderKind
    customer: str | None
    country: str
    line_count: int
    lines: bytes
    total: int


@dataclass(frozen=True)
class Slice:
    """Data rows from `first` to `last` (None: to the end); an order is in it by its position."""

    first: int = 1
    last: int | None = None

    def holds(self, row: int) -> bool:
        return self.first <= row and not self.is_past(row)

    def is_past(self, row: int) -> bool:
        return self.last is not None and row > self.last


class _Open:
    """An order that may still get lines."""

    __slots__ = (
        "country",
        "customer",
        "invoice",
        "parts",
        "position",
        "reported",
        "rows",
        "time",
        "total",
    )

    def __init__(self, position: int, invoice: str, time: int, country: str) -> None:
        self.position = position
        self.invoice = invoice
        self.time = time
        self.country = country
        self.customer = ""
        self.parts: list[bytes] = []
        self.rows: list[int] = []
        self.reported = 0
        self.total = 0

    @property
    def last_row(self) -> int:
        return self.rows[-1]

    def name_customer(self, field: str) -> None:
        """Take the customer of a line, unless a line before named one."""
        if field and not self.customer:
            self.customer = field if customer_of(field) else ""

    def is_endless(self) -> bool:
        """Whether the order holds too much already, though it may still get lines."""
        return len(self.rows) > _MANY_LINES and sum(map(len, self.parts)) > MAX_VALUE_BYTES

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
            line_count=len(self.rows),
            lines=b"".join(self.parts),
            total=self.total,
        )


# What a block begins with; no row joins it.
_NOBODY = _Open(0, "", 0, "")


class Grouping:
    """Groups blocks of rows, given in file order; `rows` is the number of the last row taken in."""

    def __init__(
        self,
        *,
        limits: TimeLimits,
        categories: PatternTable,
        chosen: Slice,
        on_rejected: OnRejected,
    ) -> None:
        self.rows = 0
        self._limits = limits
        self._chosen = chosen
        self._on_rejected = on_rejected
        self._times = Times(limits)
        self._products = Products(categories)
        self._values = Values()
        self._open: dict[str, _Open] = {}
        self._waiting: deque[_Open] = deque()
        self._too_large: list[_Open] = []

    def orders(self, blocks: Iterable[Block]) -> Iterator[RetailOrder]:
        """The orders of the slice; reading stops when the last of them is closed."""
        for block in blocks:
            self._add(block)
            yield from self._closed(LOOK_AHEAD_ROWS)
            if self._waiting and self._chosen.is_past(self._waiting[0].position):
                return
        yield from self._closed(0)

    def _add(self, block: Block) -> None:
        times, values, products = self._times, self._values, self._products
        number = self.rows
        # Rows of one invoice mostly follow one another and share date and customer, so those are
        # looked at only where they change, and anew after a rejected row.
        order = _NOBODY
        was_invoice: str | None = None
        was_date = was_customer = ""
        for fields in block:
            number += 1
            try:
                invoice, product, name, quantity, date, price, customer, country = fields
                value, amount = values[quantity, price]
                encoded = products[product, name]
                if invoice != was_invoice or date != was_date or customer != was_customer:
                    order = self._order(number, invoice, times[date], country)
                    order.name_customer(customer)
                    was_invoice, was_date, was_customer = invoice, date, customer
            except (RowRejected, ValueError) as error:
                self._reject(number, fields, error)
                was_invoice = None
                continue
            order.rows.append(number)
            order.parts += encoded, value
            order.total += amount
        self.rows = number

    def _order(self, number: int, field: str, time: int, country: str) -> _Open:
        """The order that an accepted row joins; RowRejected when none can have this invoice."""
        invoice = field.strip()
        order = self._open.get(invoice)
        if order is None or number - order.last_row > LOOK_AHEAD_ROWS:
            require_invoice(invoice)
            order = self._open[invoice] = _Open(number, invoice, time, country.strip())
            self._waiting.append(order)
        order.time = min(order.time, time)
        return order

    def _reject(self, number: int, fields: list[str], error: Exception) -> None:
        rejected = why_rejected(fields, self._limits)
        if rejected is None:
            raise error
        if self._chosen.holds(number):
            self._on_rejected(number, rejected.reason, rejected.detail, fields)

    def _closed(self, silent_rows: int) -> Iterator[RetailOrder]:
        """Take the orders at the head of the queue whose last row is at least `silent_rows` ago."""
        waiting, until = self._waiting, self.rows - silent_rows
        while waiting and (waiting[0].last_row <= until or waiting[0].is_endless()):
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
        """Reject the rows so far of orders that cannot be sent; they may still get more."""
        for order in self._too_large:
            if self._chosen.holds(order.position):
                fields = [order.invoice] + [""] * (len(COLUMNS) - 1)
                for row in order.rows[order.reported :]:
                    self._on_rejected(row, "out_of_range", _TOO_LARGE, fields)
            # The last row stays: it tells whether more can follow.
            del order.rows[:-1], order.parts[:]
            order.reported = 1
            if order.last_row <= until:
                self._forget(order)
        self._too_large = [order for order in self._too_large if order.last_row > until]

    def _forget(self, order: _Open) -> None:
        if self._open.get(order.invoice) is order:
            del self._open[order.invoice]


def _is_too_large(event: RetailOrder) -> bool:
    # No character takes more than four bytes; the rest of a value is far below the allowance.
    most = len(event.lines) + 4 * len(event.order_id + event.country) + _ENVELOPE_BYTES
    return most > MAX_VALUE_BYTES or abs(event.total) > MAX_MINOR


def newest_time(blocks: Iterable[Block], chosen: Slice, categories: PatternTable) -> int | None:
    """The latest InvoiceDate among the slice's accepted rows, unshifted; None if there are none."""
    limits = TimeLimits(shift_us=0, latest=LATEST_TIME_US)
    newest, row = None, 0
    times, values, products = Times(limits), Values(), Products(categories)
    for block in blocks:
        for fields in block:
            row += 1
            try:
                invoice, product, name, quantity, date, price, _, _ = fields
                require_invoice(invoice.strip())
                time, _, _ = times[date], values[quantity, price], products[product, name]
            except (RowRejected, ValueError):
                continue
            if chosen.holds(row) and (newest is None or time > newest):
                newest = time
        if chosen.is_past(row):
            break
    return newest

"""One order of an export, from what its rows tell to its events."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from contracts.avro.fragments import long, text
from contracts.data_files.mappings import OrderMapping
from contracts.data_files.roles import ORDER_AMOUNTS, Role
from contracts.events import NO_PLACE_RECORDED, OrderKind
from contracts.money import PRICES_PER_MINOR, line_amount
from contracts.rejections import CURRENCY_PATTERN
from producer.replay.file_order import TOO_LARGE, FileOrder, is_too_large
from producer.replay.orders.rows import Bought, ReadRow
from producer.replay.values.patterns import PatternTable
from producer.replay.values.row_values import UNSPECIFIED, RowRejected

_CURRENCY = re.compile(CURRENCY_PATTERN)
# Of what was paid back: the name and the category of its line.
_REFUND = "refund"


@dataclass(slots=True)
class Line:
    """A line of an order before it is encoded."""

    product: str
    name: str
    category: str
    quantity: int
    unit_price: int

    def encoded(self, sign: int) -> bytes:
        return (
            text(self.product)
            + text(self.name)
            + text(self.category)
            + long(sign * self.quantity)
            + long(self.unit_price)
        )


@dataclass
class ExportOrder:
    """What the rows of one order tell, in whatever order they stand. Of two texts the first in the
    alphabet counts, of two times the earliest, and of two amounts of the order the largest."""

    number: str
    times: set[int] = field(default_factory=set)
    cancelled_at: set[int] = field(default_factory=set)
    customers: set[str] = field(default_factory=set)
    countries: set[str] = field(default_factory=set)
    currencies: set[str] = field(default_factory=set)
    signs: set[str] = field(default_factory=set)
    statuses: set[str] = field(default_factory=set)
    amounts: dict[Role, int] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    summaries: list[int] = field(default_factory=list)
    rejected: list[int] = field(default_factory=list)

    def add(self, number: int, row: ReadRow, mapping: OrderMapping, table: PatternTable) -> None:
        """Take a row. One that is rejected still tells of the order what can be read."""
        for told, value in (
            (self.customers, row.customer),
            (self.countries, row.country),
            (self.currencies, row.currency),
            (self.signs, row.sign),
            (self.statuses, row.status or None),
        ):
            told.update([value] if value is not None else [])
        self.times.update([] if row.time is None else [row.time])
        self.cancelled_at.update([] if row.cancelled_at is None else [row.cancelled_at])
        for role in ORDER_AMOUNTS:
            self.amounts[role] = max(self.amounts.get(role, 0), row.amounts.get(role, 0))
        if row.rejected is not None:
            self.rejected.append(number)
            return
        if row.bought is None:
            self.summaries.append(number)
            return
        self.rows.append(number)
        self.lines += _goods(row.bought, table)
        self.lines += _charges(mapping, row.amounts, of_rows=True)

    def currency(self, mapping: OrderMapping) -> str:
        """What a column says counts before the mapping, and the mapping before a sign."""
        told = min(self.currencies, default="") or mapping.currency
        return told or min(self.signs, default="")

    def why_unusable(self, mapping: OrderMapping) -> RowRejected | None:
        """Why rows that are good by themselves make no order."""
        columns = mapping.columns
        if not self.lines:
            return RowRejected("missing_product", "", "", f"{self.number} has a summary alone")
        if not self.times:
            return RowRejected("bad_date", columns["time"], "", "is empty in all rows of the order")
        currency = self.currency(mapping)
        if not _CURRENCY.match(currency):
            column = columns.get("currency", columns.get("unit_price", "line amount"))
            return RowRejected("bad_currency", column, currency, "names no currency")
        events = list(self.events(mapping))
        if any(is_too_large(len(e.lines), self.number, e.country, e.total) for e in events):
            return RowRejected("out_of_range", columns["order"], self.number, TOO_LARGE)
        return None

    def events(self, mapping: OrderMapping) -> Iterator[FileOrder]:
        """The order as it was placed, its cancellation, and what was paid back of it."""
        lines = [*self.lines, *_charges(mapping, self.amounts, of_rows=False)]
        total = sum(line_amount(line.quantity, line.unit_price) for line in lines)
        placed: OrderKind = "placed" if total > 0 else "adjustment"
        time = min(self.times)
        yield self._event(mapping, placed, time, lines)
        cancelled = {status.casefold() for status in mapping.cancelled} & self.statuses
        if self.cancelled_at or cancelled:
            # All of it is taken back, so what was paid back is no second loss.
            yield self._event(
                mapping, "cancelled", min(self.cancelled_at, default=time), lines, sign=-1
            )
        elif refunded := self.amounts["refunded"]:
            back = [Line(_REFUND, _REFUND, _REFUND, -1, refunded)]
            place = int(placed == "adjustment")
            yield self._event(mapping, "adjustment", time, back, place=place)

    def _event(
        self,
        mapping: OrderMapping,
        kind: OrderKind,
        time: int,
        lines: list[Line],
        *,
        sign: int = 1,
        place: int = 0,
    ) -> FileOrder:
        nowhere = UNSPECIFIED if "country" in mapping.columns else NO_PLACE_RECORDED
        return FileOrder(
            position=self.rows[0],
            event_time=time,
            order_id=self.number,
            kind=kind,
            customer=min(self.customers, default=None),
            country=min(self.countries, default=nowhere),
            line_count=len(lines),
            lines=b"".join(sorted(line.encoded(sign) for line in lines)),
            total=sign * sum(line_amount(line.quantity, line.unit_price) for line in lines),
            currency=self.currency(mapping),
            place=place,
        )


def _goods(bought: Bought, table: PatternTable) -> list[Line]:
    category = table.name_of(bought.name)

    def line(quantity: int, price: int) -> Line:
        return Line(bought.product, bought.name, category, quantity, price)

    if not bought.of_all:
        return [line(bought.quantity, bought.price)]
    back = bought.price < 0 or bought.quantity < 0
    sign, pieces, amount = -1 if back else 1, abs(bought.quantity), abs(bought.price)
    unit, left = divmod(amount, pieces)
    if not left:
        return [line(sign * pieces, unit)]
    # The amount does not divide: the last piece takes the rest, so the sum is exact.
    rest = line_amount(1, amount) - line_amount(pieces - 1, unit)
    return [line(sign * (pieces - 1), unit), line(sign, rest * PRICES_PER_MINOR)]


def _charges(mapping: OrderMapping, amounts: dict[Role, int], *, of_rows: bool) -> list[Line]:
    """The lines of what is taken off or added, by rows or for the order."""
    return [
        Line(name, name, name, pieces, amounts[role])
        for role, name, pieces in mapping.charges
        if (role not in ORDER_AMOUNTS) is of_rows and amounts.get(role)
    ]

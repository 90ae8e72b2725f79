"""Rows of the Online Retail layout as parts of invoices, encoded.

A part is a run of neighbouring rows that share invoice, date and customer. A shop's file repeats
itself, so each distinct text of a column is judged and encoded at most once per block. What must be
done for every single row is done by Arrow for a whole column.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from itertools import pairwise
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from contracts.avro import fragments
from contracts.money import PRICES_PER_MINOR
from producer.replay.files.csv_block import Block
from producer.replay.files.patterns import PatternTable
from producer.replay.files.readings import Readings, encoded, spread
from producer.replay.files.row_values import TimeLimits
from producer.replay.online_retail.rows import (
    invoice_of,
    price_of,
    product_name_of,
    product_of,
    quantity_of,
    time_of,
)


class InvoicePart(NamedTuple):
    """Accepted rows `first` to `last` of the file, which share invoice, date and customer.

    `country` is that of the first row. `lines` are the encoded order lines, and `total` is the sum
    of their amounts.
    """

    first: int
    last: int
    invoice: str
    time: int
    customer: str
    country: str
    lines: bytes
    total: int


class InvoicePartReader:
    """Reads blocks; a row is accepted unless `rows.why_rejected` has a reason."""

    def __init__(self, limits: TimeLimits, categories: PatternTable) -> None:
        def name(text: str) -> bytes:
            stripped = product_name_of(text)
            return fragments.text(stripped) + fragments.text(categories.name_of(stripped))

        self._invoices = Readings(invoice_of)
        self._products = Readings(lambda text: fragments.text(product_of(text)))
        self._names = Readings(name)
        self._quantities = Readings(quantity_of)
        self._dates = Readings(lambda text: time_of(text, limits))
        self._prices = Readings(price_of)

    def read(self, block: Block, rows_before: int) -> tuple[list[InvoicePart], list[int]]:
        """The parts of a block and the indices of the rows that are in none."""
        invoice, product, name, quantity, date, price, customer, country = block.columns
        numbers = spread(self._invoices.values_of(invoice), invoice, pa.string())
        times = spread(self._dates.values_of(date), date, pa.int64())
        quantities, prices = self._quantities.values_of(quantity), self._prices.values_of(price)
        # A line is null if any of its pieces is null. A row with another number of fields is empty
        # in every column, so all its pieces are null.
        lines = pc.binary_join_element_wise(
            spread(self._products.values_of(product), product, pa.binary()),
            spread(self._names.values_of(name), name, pa.binary()),
            spread(encoded(fragments.long, quantities), quantity, pa.binary()),
            spread(encoded(fragments.long, prices), price, pa.binary()),
            b"",
        )
        amounts = line_amounts(
            spread(quantities, quantity, pa.int64()), spread(prices, price, pa.int64())
        )
        good = pc.and_(lines.is_valid(), pc.and_(numbers.is_valid(), times.is_valid()))
        starts = _starts(good, invoice.indices, date.indices, customer.indices)
        bounds = [*starts, len(block)]
        parts = [
            InvoicePart(rows_before + start + 1, rows_before + end, *rest)
            for (start, end), is_good, *rest in zip(
                pairwise(bounds),
                _at(starts, good),
                _at(starts, numbers),
                _at(starts, times),
                _at(starts, customer.dictionary_decode()),
                _at(starts, country.dictionary_decode()),
                _pieces(lines, bounds),
                _sums(amounts, bounds),
                strict=True,
            )
            if is_good
        ]
        return parts, pc.indices_nonzero(pc.invert(good)).to_pylist()


def line_amounts(quantities: pa.Int64Array, prices: pa.Int64Array) -> pa.Int64Array:
    """`contracts.money.line_amount` of each pair; null if one of the two is missing."""
    exact = pc.multiply_checked(quantities, prices)
    half = pc.if_else(pc.less(exact, 0), -(PRICES_PER_MINOR // 2), PRICES_PER_MINOR // 2)
    # Arrow's division of integers cuts towards zero.
    return pc.divide(pc.add_checked(exact, half), PRICES_PER_MINOR)


def _starts(*columns: pa.Array) -> list[int]:
    """The first row, and each row in which a column differs from the row before."""
    changes = [pc.not_equal(column[1:], column[:-1]) for column in columns]
    return [0, *pc.add(pc.indices_nonzero(reduce(pc.or_, changes)), 1).to_pylist()]


def _at(rows: list[int], values: pa.Array) -> list[Any]:
    found: list[Any] = values.take(pa.array(rows)).to_pylist()
    return found


def _pieces(values: pa.BinaryArray, bounds: list[int]) -> Iterator[bytes]:
    """The values between neighbouring bounds, joined; in memory they lie one behind the other."""
    _, offsets, data = values.buffers()
    ends = pa.Array.from_buffers(pa.int32(), len(values) + 1, [None, offsets])
    raw = b"" if data is None else data.to_pybytes()
    return (raw[start:end] for start, end in pairwise(_at(bounds, ends)))


def _sums(values: pa.Int64Array, bounds: list[int]) -> Iterator[int]:
    """The sums of the values between neighbouring bounds; those of a block fit into 64 bits."""
    running = pc.cumulative_sum_checked(pc.fill_null(values, 0))
    before = _at([bound - 1 for bound in bounds[1:]], running)
    return (end - start for start, end in pairwise([0, *before]))

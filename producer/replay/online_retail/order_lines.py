"""Rows of the Online Retail layout as order lines, encoded.

A shop's file repeats itself, so each distinct text of a column is judged and encoded at most once
per block. What must be done for every single row is done by Arrow for a whole column.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from contracts.avro import fragments
from contracts.money import PRICES_PER_MINOR
from producer.replay.files.csv_block import Block
from producer.replay.online_retail.rows import (
    country_of,
    customer_of,
    invoice_of,
    price_of,
    product_name_of,
    product_of,
    quantity_of,
    time_of,
)
from producer.replay.values.patterns import PatternTable
from producer.replay.values.readings import Readings, encoded, spread, unread
from producer.replay.values.row_values import TimeLimits

# Accepted rows: `row` is a row's number in the file, `line` an encoded order line, `amount` that of
# the line. Customer and country are null where the row names none.
ORDER_LINES = pa.schema(
    [
        ("row", pa.int64()),
        ("invoice", pa.string()),
        ("time", pa.int64()),
        ("customer", pa.string()),
        ("country", pa.string()),
        ("line", pa.binary()),
        ("amount", pa.int64()),
    ]
)


class InvoicePart(NamedTuple):
    """Neighbouring accepted rows of one invoice: the earliest time, and the sum of the amounts.

    `customer` and `country` are the first that the rows name, in the order of the alphabet.
    """

    invoice: str
    time: int
    total: int
    rows: list[int]
    lines: list[bytes]
    customer: str | None
    country: str | None


class OrderLineReader:
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
        self._customers = Readings(customer_of)
        self._countries = Readings(country_of)

    def invoices(self, block: Block) -> pa.StringArray:
        """The order's number of each row, null where it names none."""
        invoice = block.columns[0]
        return spread(self._invoices.values_of(invoice), invoice, pa.string())

    def unusable(self, block: Block) -> list[int]:
        """The indices of the rows that are no lines of an order."""
        invoice, product, _, quantity, date, price, _, _ = block.columns
        judged = (
            (self._invoices, invoice),
            (self._products, product),
            (self._quantities, quantity),
            (self._dates, date),
            (self._prices, price),
        )
        return unread((readings.values_of(column), column) for readings, column in judged)

    def read(self, block: Block, rows_before: int) -> tuple[pa.RecordBatch, list[int]]:
        """The `ORDER_LINES` of a block and the indices of the rows that are none."""
        _, product, name, quantity, date, price, customer, country = block.columns
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
        read = pa.RecordBatch.from_arrays(
            [
                pa.array(range(rows_before + 1, rows_before + len(block) + 1), pa.int64()),
                self.invoices(block),
                spread(self._dates.values_of(date), date, pa.int64()),
                spread(self._customers.values_of(customer), customer, pa.string()),
                spread(self._countries.values_of(country), country, pa.string()),
                lines,
                line_amounts(
                    spread(quantities, quantity, pa.int64()), spread(prices, price, pa.int64())
                ),
            ],
            schema=ORDER_LINES,
        )
        good = pc.and_(
            lines.is_valid(), pc.and_(read["invoice"].is_valid(), read["time"].is_valid())
        )
        if good.true_count == len(block):
            return read, []
        return read.filter(good), pc.indices_nonzero(pc.invert(good)).to_pylist()


def line_amounts(quantities: pa.Int64Array, prices: pa.Int64Array) -> pa.Int64Array:
    """`contracts.money.line_amount` of each pair; null if one of the two is missing."""
    exact = pc.multiply_checked(quantities, prices)
    half = pc.if_else(pc.less(exact, 0), -(PRICES_PER_MINOR // 2), PRICES_PER_MINOR // 2)
    # Arrow's division of integers cuts towards zero.
    return pc.divide(pc.add_checked(exact, half), PRICES_PER_MINOR)


def parts_of(lines: pa.RecordBatch) -> Iterator[InvoicePart]:
    """Runs of neighbouring rows of one invoice. The amounts of a batch sum within 64 bits."""
    if not len(lines):
        return
    invoices = lines["invoice"]
    changes = pc.indices_nonzero(pc.not_equal(invoices[1:], invoices[:-1]))
    starts = np.concatenate(([0], changes.to_numpy(zero_copy_only=False).astype(np.int64) + 1))
    times = np.minimum.reduceat(lines["time"].to_numpy(), starts).tolist()
    totals = np.add.reduceat(lines["amount"].to_numpy(), starts).tolist()
    rows, encoded_lines = lines["row"].to_pylist(), lines["line"].to_pylist()
    customers, countries = lines["customer"].to_pylist(), lines["country"].to_pylist()
    for number, (start, end) in enumerate(pairwise([*starts.tolist(), len(lines)])):
        yield InvoicePart(
            invoices[start].as_py(),
            times[number],
            totals[number],
            rows[start:end],
            encoded_lines[start:end],
            first_named(customers[start:end]),
            first_named(countries[start:end]),
        )


def first_named(texts: list[str | None]) -> str | None:
    """The first of the texts in the order of the alphabet; None without any."""
    return min({text for text in texts if text is not None}, default=None)

"""Rows of the Online Retail layout: what each field means, and why a row is not used.

Whitespace around a field has no meaning. Dates and numbers are in their plain forms.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, get_args

from contracts.data_files.layouts import ONLINE_RETAIL, squeezed
from producer.replay.values.row_values import (
    RowRejected,
    TimeLimits,
    first_rejection,
    shifted_time,
    signed_price,
    signed_quantity,
)
from producer.replay.values.words import id_of, named

COLUMNS = ONLINE_RETAIL.columns
# Why a row is not a line of an order, in the order of judging: the first reason that holds is the
# one that is told. These are codes: scripts and `rejected.csv` files depend on them.
RowReason = Literal[
    # not as many fields as the header
    "wrong_field_count",
    # the row is the header once more
    "repeated_header",
    # InvoiceNo is empty
    "missing_invoice",
    # InvoiceNo starts with "A": a book-keeping entry about a debt, not a purchase
    "bad_debt_invoice",
    # StockCode is empty
    "missing_product",
    # InvoiceDate is no date in the order of the file's dates, or no clock ever showed it
    "bad_date",
    # Quantity is not a whole number
    "bad_quantity",
    # Quantity is 0
    "zero_quantity",
    # UnitPrice is not a decimal number (1.25), or needs more than four decimals
    "bad_price",
    # the date is before 1990 or after the replay's start, quantity or price is beyond the limits of
    # contracts.rejections, the price is negative, or the order is too large for one event
    "out_of_range",
]
ROW_REASONS: tuple[RowReason, ...] = get_args(RowReason)


def time_of(text: str, limits: TimeLimits) -> int:
    """Microseconds of an InvoiceDate, shifted; may raise RowRejected."""
    return shifted_time("InvoiceDate", text, limits)


def quantity_of(text: str) -> int:
    """The number of pieces, below 0 for returns; RowRejected if it is none, 0 or out of range."""
    return signed_quantity("Quantity", text)


def price_of(text: str) -> int:
    """Ten-thousandths of a pound; RowRejected if the text is not a price or out of range."""
    price = signed_price("UnitPrice", text)
    if price < 0:
        raise RowRejected("out_of_range", "UnitPrice", text, "is negative")
    return price


def invoice_of(text: str) -> str:
    """The order's number; RowRejected if this InvoiceNo can name none."""
    invoice = id_of(text)
    if not invoice:
        raise RowRejected("missing_invoice", "InvoiceNo", text, "is empty")
    if squeezed(invoice) in ("invoiceno", "invoice"):
        raise RowRejected("repeated_header", "InvoiceNo", text, "is the column's name")
    if invoice.startswith("A"):
        raise RowRejected("bad_debt_invoice", "InvoiceNo", text, "is about a bad debt")
    return invoice


def product_of(text: str) -> str:
    """The product's id; RowRejected if this StockCode is empty."""
    if not (product := id_of(text)):
        raise RowRejected("missing_product", "StockCode", text, "is empty")
    return product


def product_name_of(description: str) -> str:
    return named(description)


def customer_of(text: str) -> str | None:
    """The real customer id, or None; "17850.0" and "17850" are the same customer."""
    return id_of(text) or None


def country_of(text: str) -> str | None:
    """The country, or None."""
    return named(text) or None


def why_rejected(fields: Sequence[str], limits: TimeLimits) -> RowRejected | None:
    """The first reason of `RowReason` that holds for the plain texts of a row; None if it is a line
    of an order."""
    invoice, product, _, quantity, date, price, _, _ = fields
    readings: tuple[Callable[[], object], ...] = (
        lambda: invoice_of(invoice),
        lambda: product_of(product),
        lambda: time_of(date, limits),
        lambda: quantity_of(quantity),
        lambda: price_of(price),
    )
    return first_rejection(readings, ROW_REASONS)

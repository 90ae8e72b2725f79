"""Rows of the Online Retail layout: what each field means, and why a row is not used.

Whitespace around a field has no meaning.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Literal, get_args

from contracts.rejections import MAX_QUANTITY
from producer.replay.files.row_values import (
    RowRejected,
    TimeLimits,
    about,
    first_rejection,
    shifted_time,
    signed_price,
    wrong_field_count,
)

COLUMNS = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
)
# Why a row is not a line of an order, in the order of judging: the first reason that holds is the
# one that is told. These are codes: scripts and `rejected.csv` files depend on them.
RowReason = Literal[
    # not eight fields
    "wrong_field_count",
    # InvoiceNo is empty
    "missing_invoice",
    # InvoiceNo starts with "A": a book-keeping entry about a debt, not a purchase
    "bad_debt_invoice",
    # StockCode is empty
    "missing_product",
    # InvoiceDate is neither 2010-12-01 08:26[:00] nor 12/1/2010 8:26, or there is no such time
    "bad_date",
    # Quantity is not a whole number
    "bad_quantity",
    # Quantity is 0
    "zero_quantity",
    # UnitPrice is not a plain decimal number (1.25), or needs more than four decimals
    "bad_price",
    # the date is before 1990 or after the replay's start, quantity or price is beyond the limits of
    # contracts.rejections, the price is negative, or the order is too large for one event
    "out_of_range",
]
ROW_REASONS: tuple[RowReason, ...] = get_args(RowReason)

_ISO_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2}) ([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?")
_US_DATE = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4}) ([0-9]{1,2}):([0-9]{2})()")
_WHOLE_NUMBER = re.compile(r"([+-]?[0-9]+)(?:\.0+)?")
# Enough for any quantity in range; Python refuses to convert thousands of digits.
_MOST_DIGITS = 18


def time_of(text: str, limits: TimeLimits) -> int:
    """Microseconds of an InvoiceDate (wall time taken as UTC), shifted; may raise RowRejected."""
    stripped = text.strip()
    if match := _ISO_DATE.fullmatch(stripped):
        year, month, day, hour, minute, second = match.groups()
    elif match := _US_DATE.fullmatch(stripped):
        month, day, year, hour, minute, second = match.groups()
    else:
        raise RowRejected("bad_date", about("InvoiceDate", text, "is not a date and time"))
    parts = [int(part or 0) for part in (year, month, day, hour, minute, second)]
    return shifted_time("InvoiceDate", text, parts, limits)


def quantity_of(text: str) -> int:
    """The number of pieces, below 0 for returns; RowRejected if it is none, 0 or out of range."""
    match = _WHOLE_NUMBER.fullmatch(text.strip())
    if match is None:
        raise RowRejected("bad_quantity", about("Quantity", text, "is not a whole number"))
    digits = match[1].lstrip("+-").lstrip("0")
    if not digits:
        raise RowRejected("zero_quantity", about("Quantity", text, "is 0"))
    if len(digits) > _MOST_DIGITS or int(digits) > MAX_QUANTITY:
        detail = about("Quantity", text, f"is beyond {MAX_QUANTITY}")
        raise RowRejected("out_of_range", detail)
    return -int(digits) if match[1].startswith("-") else int(digits)


def price_of(text: str) -> int:
    """Ten-thousandths of a pound; RowRejected if the text is not a price or out of range."""
    price = signed_price("UnitPrice", text)
    if price < 0:
        raise RowRejected("out_of_range", about("UnitPrice", text, "is negative"))
    return price


def invoice_of(text: str) -> str:
    """The order's number; RowRejected if this InvoiceNo can name none."""
    invoice = text.strip()
    if not invoice:
        raise RowRejected("missing_invoice", "InvoiceNo is empty")
    if invoice.startswith("A"):
        raise RowRejected("bad_debt_invoice", about("InvoiceNo", invoice, "is about a bad debt"))
    return invoice


def product_of(text: str) -> str:
    """The product's id; RowRejected if this StockCode is empty."""
    if not (product := text.strip()):
        raise RowRejected("missing_product", "StockCode is empty")
    return product


def product_name_of(description: str) -> str:
    return description.strip()


def customer_of(text: str) -> str | None:
    """The real customer id, or None; "17850.0" and "17850" are the same customer."""
    return text.strip().removesuffix(".0") or None


def why_rejected(fields: Sequence[str], limits: TimeLimits) -> RowRejected | None:
    """The first reason of `RowReason` that holds for a row; None if it is a line of an order."""
    if rejected := wrong_field_count(fields, COLUMNS):
        return rejected
    invoice, product, _, quantity, date, price, _, _ = fields
    readings: tuple[Callable[[], object], ...] = (
        lambda: invoice_of(invoice),
        lambda: product_of(product),
        lambda: time_of(date, limits),
        lambda: quantity_of(quantity),
        lambda: price_of(price),
    )
    return first_rejection(readings, ROW_REASONS)

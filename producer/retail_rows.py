"""Rows of the Online Retail layout: what each field means and why a row is not used.

Whitespace around a field means nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, get_args

from contracts.money import price_from_text
from contracts.rejections import (
    EARLIEST_EVENT_US,
    LATEST_TIME_US,
    MAX_QUANTITY,
    MAX_UNIT_PRICE,
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
# Why a row is no line of an order, in the order in which rows are judged: the first that holds is
# the reason. These are codes: scripts and `rejected.csv` files depend on them.
RowReason = Literal[
    # not eight fields
    "wrong_field_count",
    # InvoiceNo is empty
    "missing_invoice",
    # InvoiceNo starts with "A": a book-keeping entry about debt, nobody bought anything
    "bad_debt_invoice",
    # StockCode is empty
    "missing_product",
    # InvoiceDate is neither 2010-12-01 08:26[:00] nor 12/1/2010 8:26, or there is no such time
    "bad_date",
    # Quantity is not a whole number
    "bad_quantity",
    # Quantity is 0
    "zero_quantity",
    # UnitPrice is no plain decimal number (1.25), or needs more than four decimals
    "bad_price",
    # a date before 1990 or after the replay's start, a quantity or price beyond the limits of
    # contracts.rejections, a negative price, or an order too large to be one event
    "out_of_range",
]
ROW_REASONS: tuple[RowReason, ...] = get_args(RowReason)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS_A_DAY = 86_400
_US_PER_SECOND = 1_000_000
_ISO_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2}) ([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?")
_US_DATE = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4}) ([0-9]{1,2}):([0-9]{2})()")
_WHOLE_NUMBER = re.compile(r"([+-]?[0-9]+)(?:\.0+)?")
_PLAIN_DECIMAL = re.compile(r"[+-]?[0-9]{1,20}(?:\.[0-9]*)?")
# Enough for any quantity in range; Python refuses to convert thousands of digits.
_MOST_DIGITS = 18


class RowRejected(Exception):
    """A row cannot be used; `reason` is its code, `detail` says which value broke it."""

    def __init__(self, reason: RowReason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class TimeLimits:
    """`shift_us` is added to every date of the file; the result must not lie after `latest`."""

    shift_us: int
    latest: int


def time_of(text: str, limits: TimeLimits) -> int:
    """Microseconds of an InvoiceDate (wall time taken as UTC), shifted; may raise RowRejected."""
    stripped = text.strip()
    if match := _ISO_DATE.fullmatch(stripped):
        year, month, day, hour, minute, second = match.groups()
    elif match := _US_DATE.fullmatch(stripped):
        month, day, year, hour, minute, second = match.groups()
    else:
        raise RowRejected("bad_date", _about("InvoiceDate", text, "is no date and time"))
    try:
        moment = datetime(
            int(year), int(month), int(day), int(hour), int(minute), int(second or 0), tzinfo=UTC
        )
    except ValueError as error:
        raise RowRejected("bad_date", _about("InvoiceDate", text, str(error))) from error
    since = moment - _EPOCH
    recorded = (since.days * _SECONDS_A_DAY + since.seconds) * _US_PER_SECOND
    shifted = recorded + limits.shift_us
    if min(recorded, shifted) < EARLIEST_EVENT_US or recorded >= LATEST_TIME_US:
        raise RowRejected("out_of_range", _about("InvoiceDate", text, "is before 1990"))
    if shifted > limits.latest:
        raise RowRejected("out_of_range", _about("InvoiceDate", text, "is after the replay began"))
    return shifted


def quantity_of(text: str) -> int:
    """The number of pieces, negative for returns; RowRejected if it is none, 0 or out of range."""
    match = _WHOLE_NUMBER.fullmatch(text.strip())
    if match is None:
        raise RowRejected("bad_quantity", _about("Quantity", text, "is no whole number"))
    digits = match[1].lstrip("+-").lstrip("0")
    if not digits:
        raise RowRejected("zero_quantity", _about("Quantity", text, "is 0"))
    if len(digits) > _MOST_DIGITS or int(digits) > MAX_QUANTITY:
        detail = _about("Quantity", text, f"is beyond {MAX_QUANTITY}")
        raise RowRejected("out_of_range", detail)
    return -int(digits) if match[1].startswith("-") else int(digits)


def price_of(text: str) -> int:
    """Ten-thousandths of a pound; RowRejected if it is no price or out of range."""
    stripped = text.strip()
    try:
        # Not 1E+9999999 either, which is a number that would take all memory.
        if not _PLAIN_DECIMAL.fullmatch(stripped):
            raise ValueError
        price = price_from_text(stripped)
    except ValueError as error:
        detail = _about("UnitPrice", text, "is no price with at most four decimals")
        raise RowRejected("bad_price", detail) from error
    if not 0 <= price <= MAX_UNIT_PRICE:
        detail = _about("UnitPrice", text, "is negative or beyond 1,000,000")
        raise RowRejected("out_of_range", detail)
    return price


def require_invoice(invoice: str) -> None:
    """RowRejected unless an order can be named by this InvoiceNo."""
    if not invoice:
        raise RowRejected("missing_invoice", "InvoiceNo is empty")
    if invoice.startswith("A"):
        raise RowRejected("bad_debt_invoice", _about("InvoiceNo", invoice, "is about a bad debt"))


def require_product(product: str) -> None:
    """RowRejected unless a product can be named by this StockCode."""
    if not product:
        raise RowRejected("missing_product", "StockCode is empty")


def product_name_of(description: str) -> str:
    return description.strip()


def customer_of(text: str) -> str | None:
    """The real customer id: "17850.0" and "17850" are one; None when there is none."""
    return text.strip().removesuffix(".0") or None


def why_rejected(fields: Sequence[str], limits: TimeLimits) -> RowRejected | None:
    """The first reason of `RowReason` that holds for a row; None when it is a line of an order."""
    if len(fields) != len(COLUMNS):
        detail = f"{len(fields)} fields instead of {len(COLUMNS)}"
        return RowRejected("wrong_field_count", detail)
    invoice, product, _, quantity, date, price, _, _ = fields
    readings: tuple[Callable[[], object], ...] = (
        lambda: require_invoice(invoice.strip()),
        lambda: require_product(product.strip()),
        lambda: time_of(date, limits),
        lambda: quantity_of(quantity),
        lambda: price_of(price),
    )
    found = [rejected for read in readings if (rejected := _rejection(read))]
    return min(found, key=lambda rejected: ROW_REASONS.index(rejected.reason), default=None)


def _rejection(read: Callable[[], object]) -> RowRejected | None:
    try:
        read()
    except RowRejected as rejected:
        return rejected
    return None


def _about(column: str, value: str, problem: str) -> str:
    return f"{column} {value[:40]!r} {problem}"

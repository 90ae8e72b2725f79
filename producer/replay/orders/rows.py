"""Rows of an export: what each tells of its order, and why a row is no line of one."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from functools import partial
from typing import Literal, NamedTuple, TypeVar, get_args

from contracts.data_files.layouts import squeezed
from contracts.data_files.mappings import OrderMapping
from contracts.data_files.roles import ORDER_AMOUNTS, ROW_AMOUNTS, Role
from contracts.data_files.texts import CURRENCY_OF_SIGN
from producer.replay.values.row_values import (
    RowRejected,
    TimeLimits,
    shifted_time,
    signed_price,
    signed_quantity,
)
from producer.replay.values.words import id_of, named

# Why a row is not used, in the order of judging. These are codes: scripts and `rejected.csv` files
# depend on them.
RowReason = Literal[
    # not as many fields as the header
    "wrong_field_count",
    # the row is the header once more
    "repeated_header",
    # the order's number is empty
    "missing_order",
    # neither a product nor its name, or an order that has a summary alone
    "missing_product",
    # a time is none, no clock ever showed it, or no row of the order has one
    "bad_date",
    # not a whole number
    "bad_quantity",
    # 0
    "zero_quantity",
    # a price or another amount is no decimal number, or needs more than four decimals
    "bad_price",
    # no column, no sign and no mapping says the currency, or its code has not three letters
    "bad_currency",
    # a time before 1990 or after the replay's start, a number beyond the limits of
    # contracts.rejections, a negative unit price, or an order too large for one event
    "out_of_range",
]
ROW_REASONS: tuple[RowReason, ...] = get_args(RowReason)

_Value = TypeVar("_Value")


class Bought(NamedTuple):
    """The goods of a row. The price is of one piece, or with `of_all` of all of them."""

    product: str
    name: str
    quantity: int
    price: int
    of_all: bool


class ReadRow(NamedTuple):
    """What a row tells, as far as it can be read. `bought` is None for a summary. `rejected` is the
    first reason of `RowReason` that holds. `sign` is the currency that the price shows."""

    order: str
    bought: Bought | None
    rejected: RowRejected | None
    time: int | None
    cancelled_at: int | None
    customer: str | None
    country: str | None
    currency: str | None
    sign: str | None
    status: str
    amounts: dict[Role, int]


class RowReader:
    """Reads the plain texts of rows, by role."""

    def __init__(self, mapping: OrderMapping, limits: TimeLimits) -> None:
        self._mapping = mapping
        self._limits = limits

    def read(self, texts: Mapping[Role, str], priced: str) -> ReadRow:
        """What a row tells; `priced` is its price as it is in the file."""
        tried = _Tried()
        order = tried.read(lambda: self._order(texts["order"])) or ""
        time = tried.read(lambda: self._time("time", texts))
        cancelled_at = tried.read(lambda: self._time("cancelled_at", texts))
        bought = self._bought(texts, tried)
        amounts = {
            role: tried.read(partial(self._amount, role, texts[role])) or 0
            for role in (*ORDER_AMOUNTS, *ROW_AMOUNTS)
            if role in texts
        }
        return ReadRow(
            order=order,
            bought=bought,
            rejected=tried.first,
            time=time,
            cancelled_at=cancelled_at,
            customer=id_of(texts.get("customer", "")) or None,
            country=named(texts.get("country", "")) or None,
            currency=named(texts.get("currency", "")).upper() or None,
            sign=currency_shown(priced),
            status=named(texts.get("status", "")).casefold(),
            amounts=amounts,
        )

    def _order(self, text: str) -> str:
        column = self._mapping.columns["order"]
        if squeezed(text) == squeezed(column):
            raise RowRejected("repeated_header", column, text, "is the column's name")
        if not (order := id_of(text)):
            raise RowRejected("missing_order", column, text, "is empty")
        return order

    def _time(self, role: Role, texts: Mapping[Role, str]) -> int | None:
        if not named(texts.get(role, "")):
            return None
        return shifted_time(self._mapping.columns[role], texts[role], self._limits)

    def _bought(self, texts: Mapping[Role, str], tried: _Tried) -> Bought | None:
        name = named(texts.get("product_name", ""))
        if self._mapping.html:
            name = html.unescape(name)
        product = id_of(texts.get("product", "")) or name
        if not product:
            if not self._mapping.summary_rows:
                tried.read(self._no_product)
            return None
        quantity = tried.read(
            lambda: signed_quantity(self._mapping.columns["quantity"], texts["quantity"])
        )
        price = tried.read(lambda: self._price(texts))
        if quantity is None or price is None:
            return None
        return Bought(product, name, quantity, price, of_all="line_amount" in texts)

    def _no_product(self) -> None:
        columns = self._mapping.columns
        column = columns.get("product_name") or columns["product"]
        raise RowRejected("missing_product", column, "", "is empty")

    def _price(self, texts: Mapping[Role, str]) -> int:
        if "line_amount" in texts:
            return signed_price(self._mapping.columns["line_amount"], texts["line_amount"])
        column, text = self._mapping.columns["unit_price"], texts["unit_price"]
        price = signed_price(column, text)
        if price < 0:
            raise RowRejected("out_of_range", column, text, "is negative")
        return price

    def _amount(self, role: Role, text: str) -> int:
        """What was taken off, paid back or added, whatever sign it has; 0 for an empty text."""
        return abs(signed_price(self._mapping.columns[role], text)) if named(text) else 0


class _Tried:
    """Readings of one row; `first` is the reason of those that fail that comes first."""

    def __init__(self) -> None:
        self.first: RowRejected | None = None

    def read(self, read: Callable[[], _Value]) -> _Value | None:
        try:
            return read()
        except RowRejected as rejected:
            before = self.first
            if before is None or _rank(rejected) < _rank(before):
                self.first = rejected
            return None


def _rank(rejected: RowRejected) -> int:
    return [str(reason) for reason in ROW_REASONS].index(rejected.reason)


def currency_shown(text: str) -> str | None:
    """The currency whose sign or name stands before or behind an amount."""
    bare = text.strip().lstrip("+-").strip()
    for sign, currency in CURRENCY_OF_SIGN.items():
        if bare.startswith(sign) or bare.endswith(sign):
            return currency
    return None

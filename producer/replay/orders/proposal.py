"""Which column of a shop's own export means what, as far as its header and its values show it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from contracts.data_files.layouts import squeezed
from contracts.data_files.roles import DATES, NUMBERS, Role
from contracts.data_files.texts import CURRENCY_OF_SIGN
from producer.replay.values.dates import shape_of
from producer.replay.values.numbers import bare
from producer.replay.values.words import named

# What columns are called that can only mean this, as `squeezed` gives it.
_NAMES: Mapping[Role, str] = {
    "order": "order orderid orderno ordernumber ordernr bestellnummer bestellnr numérodecommande",
    "time": "orderdate ordereddate orderedat ordertime purchasedate createdat saledate "
    "bestelldatum datedecommande",
    "product": "sku itemsku productsku productid itemnumber productcode stockcode artikelnummer",
    "product_name": "productname itemname itemtitle producttitle artikelbezeichnung",
    "quantity": "quantity qty pieces menge anzahl quantité",
    "unit_price": "unitprice priceperunit priceeach einzelpreis prixunitaire",
    "line_amount": "linetotal lineamount linesubtotal rowtotal",
    "currency": "currency currencycode währung devise",
    "customer": "customer customerid customernumber customeremail email buyer kunde kundennummer",
    "country": "country countrycode shippingcountry billingcountry shipcountry pays",
    "status": "status orderstatus bestellstatus",
    "cancelled_at": "cancelledat canceledat cancelledon cancellationdate",
    "order_discount": "orderdiscount cartdiscount",
    "refunded": "refundedamount refundamount amountrefunded",
    "shipping": "ordershipping",
    "tax": "ordertax",
    "row_discount": "linediscount itemdiscount",
    "row_shipping": "lineshipping itemshipping",
    "row_tax": "linetax itemtax",
}
# Parts of names that let one guess, the better ones first.
_PARTS: Mapping[Role, str] = {
    "order": "orderid orderno order invoice bestell commande number",
    "time": "orderdate ordered date datum time",
    "product": "sku productid articleno artikelnr",
    "product_name": "title product item article artikel description produit name",
    "quantity": "quantity qty pieces units menge anzahl",
    "unit_price": "price preis prix cost",
    "line_amount": "subtotal amount total betrag",
    "currency": "currency",
    "customer": "customer buyer email client kunde",
    "country": "country land",
    "status": "status",
    "cancelled_at": "cancel storn",
    "order_discount": "discount rabatt",
    "refunded": "refund erstatt",
    "shipping": "shipping postage versand",
    "tax": "tax vat mwst",
}
_AMOUNT = re.compile(r"[+-]?[\d.,'’ \u00a0\u202f]*\d[.,]?")
_WHOLE = re.compile(r"[+-]?\d+(?:[.,]0+)?")
_CODE = re.compile(r"[A-Za-z]{3}")
_MOST_OF = 0.9


@dataclass(frozen=True)
class ShownColumn:
    """A column of a file by its name and the texts of its first rows."""

    name: str
    texts: Sequence[str]

    @cached_property
    def values(self) -> list[str]:
        """Its distinct texts, in their order, without those that mean nothing."""
        return list(dict.fromkeys(filter(None, map(named, self.texts))))

    def is_mostly(self, fits: Callable[[str], object]) -> bool:
        """Whether nearly all of its values fit; a column without any fits nothing."""
        return sum(map(bool, map(fits, self.values))) >= max(1, _MOST_OF * len(self.values))


@dataclass(frozen=True)
class Proposed:
    """The column that a role is given, and whether that is a guess."""

    column: ShownColumn
    is_guess: bool


def propose(
    columns: Sequence[ShownColumn], known: Mapping[Role, str] | None = None
) -> dict[Role, Proposed]:
    """The columns that have a meaning, by role. `known` are those of a mapping that fits."""
    found: dict[Role, Proposed] = {}
    left = {squeezed(column.name): column for column in reversed(columns)}

    def take(role: Role, name: str | None, *, is_guess: bool) -> None:
        if name is not None:
            found[role] = Proposed(left.pop(name), is_guess)

    for role, name in (known or {}).items():
        take(role, squeezed(name) if squeezed(name) in left else None, is_guess=False)
    if known:
        return found
    in_order = [name for name in map(_name_of, columns) if name in left]
    for role, names in _NAMES.items():
        fitting = [n for n in in_order if n in left and n in names.split()]
        good = [n for n in fitting if not left[n].values or _fits(role, left[n])]
        if not _is_second_price(role, found):
            take(role, next(iter(good), None), is_guess=len(good) > 1)
    for role, parts in _PARTS.items():
        if role in found or _is_second_price(role, found):
            continue
        named_so = (n for part in parts.split() for n in in_order if n in left and part in n)
        take(role, next((n for n in named_so if _fits(role, left[n])), None), is_guess=True)
    return found


def _name_of(column: ShownColumn) -> str:
    return squeezed(column.name)


def _is_second_price(role: Role, found: Mapping[Role, Proposed]) -> bool:
    """One row has one price."""
    prices: set[Role] = {"unit_price", "line_amount"}
    return role in prices and bool(prices & found.keys())


def _fits(role: Role, column: ShownColumn) -> bool:
    if role in DATES:
        return column.is_mostly(shape_of)
    if role == "quantity":
        return column.is_mostly(_WHOLE.fullmatch)
    if role in NUMBERS:
        return column.is_mostly(is_amount)
    if role == "currency":
        return column.is_mostly(_CODE.fullmatch)
    if role in ("product_name", "country", "status"):
        return column.is_mostly(lambda text: not is_amount(text) and not shape_of(text))
    return column.is_mostly(lambda text: shape_of(text) is None)


def is_amount(text: str) -> bool:
    """Whether a text is a number, with or without the sign of a currency."""
    return bool(_AMOUNT.fullmatch(bare(text, tuple(CURRENCY_OF_SIGN))))

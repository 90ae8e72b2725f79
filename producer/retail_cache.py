"""Encoded parts of order lines by the texts they were made from: a shop's file repeats itself."""

from __future__ import annotations

from typing import TypeVar

from contracts import fragments
from contracts.money import line_amount
from producer.patterns import PatternTable
from producer.retail_rows import (
    TimeLimits,
    price_of,
    product_name_of,
    quantity_of,
    require_product,
    time_of,
)

# Enough for the products and dates of a shop; beyond it a cache starts anew, so memory stays flat.
MOST_ENTRIES = 100_000

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Times(dict[str, int]):
    """Texts of InvoiceDate to times; RowRejected for those that are none."""

    def __init__(self, limits: TimeLimits) -> None:
        super().__init__()
        self._limits = limits

    def __missing__(self, text: str) -> int:
        return remember(self, text, time_of(text, self._limits))


class Products(dict[tuple[str, str], bytes]):
    """(StockCode, Description) to the encoded product of a line."""

    def __init__(self, categories: PatternTable) -> None:
        super().__init__()
        self._categories = categories

    def __missing__(self, key: tuple[str, str]) -> bytes:
        product, description = key[0].strip(), key[1]
        require_product(product)
        name = product_name_of(description)
        category = self._categories.name_of(name)
        return remember(self, key, fragments.line_product(product, name, category))


class Values(dict[tuple[str, str], tuple[bytes, int]]):
    """(Quantity, UnitPrice) to the encoded rest of a line and its amount in minor units."""

    def __missing__(self, key: tuple[str, str]) -> tuple[bytes, int]:
        quantity, price = quantity_of(key[0]), price_of(key[1])
        made = fragments.line_value(quantity, price), line_amount(quantity, price)
        return remember(self, key, made)


def remember(cache: dict[_Key, _Value], key: _Key, value: _Value) -> _Value:
    """Put a value into a cache that never holds more than `MOST_ENTRIES`; return it."""
    if len(cache) >= MOST_ENTRIES:
        cache.clear()
    cache[key] = value
    return value

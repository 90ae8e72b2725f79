"""What the columns of a shop's data files are called.

The producer and the proof agree on this. How they find and read a file is their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from contracts.ledger import LayoutName


@dataclass(frozen=True)
class FileLayout:
    """A kind of data file. `columns` are called so or as `also` says, in any order and case.

    A row says when in `date`, how much in `numbers` (prices in `currency`), and of whom and what
    in `ids`. `other_dates` may be empty. At most `rows_before` records stand above the header.
    A record that begins with one of `footers` may stand below the rows. Prices are in any currency
    if `currency` is empty.
    """

    name: LayoutName
    columns: tuple[str, ...]
    also: Mapping[str, str]
    date: str
    numbers: tuple[str, ...]
    prices: tuple[str, ...]
    ids: tuple[str, ...]
    currency: str
    other_dates: tuple[str, ...] = ()
    footers: tuple[str, ...] = ()
    rows_before: int = 0

    def is_footer(self, fields: Sequence[str]) -> bool:
        """Whether one of the first two texts of a record begins as a footer does."""
        first = [text.strip().casefold() for text in fields if text.strip()][:2]
        known = tuple(map(str.casefold, self.footers))
        return any(text.startswith(known) for text in first)

    def column_of(self, name: str) -> str | None:
        """The column that a header's name stands for, None if it is none of the layout's."""
        wanted = squeezed(name)
        wanted = squeezed(self.also.get(wanted, wanted))
        return next((column for column in self.columns if squeezed(column) == wanted), None)


def squeezed(name: str) -> str:
    """The letters and digits of a name, in small letters: ``Customer ID`` is ``CustomerID``."""
    return "".join(filter(str.isalnum, name.casefold()))


ONLINE_RETAIL = FileLayout(
    "online-retail",
    (
        *("InvoiceNo", "StockCode", "Description", "Quantity"),
        *("InvoiceDate", "UnitPrice", "CustomerID", "Country"),
    ),
    MappingProxyType({"invoice": "InvoiceNo", "price": "UnitPrice"}),
    date="InvoiceDate",
    numbers=("Quantity", "UnitPrice"),
    prices=("UnitPrice",),
    ids=("InvoiceNo", "StockCode", "CustomerID"),
    currency="GBP",
)
REES46 = FileLayout(
    "rees46",
    (
        *("event_time", "event_type", "product_id", "category_id", "category_code"),
        *("brand", "price", "user_id", "user_session"),
    ),
    MappingProxyType({}),
    date="event_time",
    numbers=("price",),
    prices=("price",),
    ids=("product_id", "user_id"),
    currency="USD",
)
FILE_LAYOUTS = (ONLINE_RETAIL, REES46)

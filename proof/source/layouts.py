"""The layouts of data files that the proof reads, each known by its header."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from contracts import ledger
from contracts.topics import CLICKS, ORDERS, Topic


@dataclass(frozen=True)
class SourceLayout:
    """A kind of data file. Its rows have `columns` and hold events of `topics`; the proof keeps
    them in `relation`, as texts called `fields`."""

    name: ledger.LayoutName
    columns: tuple[str, ...]
    relation: str
    fields: tuple[str, ...]
    topics: tuple[Topic, ...]


ONLINE_RETAIL = SourceLayout(
    "online-retail",
    (
        *("InvoiceNo", "StockCode", "Description", "Quantity"),
        *("InvoiceDate", "UnitPrice", "CustomerID", "Country"),
    ),
    "source_row",
    ("invoice", "stock", "description", "quantity", "date", "price", "customer", "country"),
    (ORDERS,),
)
REES46 = SourceLayout(
    "rees46",
    (
        *("event_time", "event_type", "product_id", "category_id", "category_code"),
        *("brand", "price", "user_id", "user_session"),
    ),
    "source_step",
    ("time", "kind", "product", "category_id", "category", "brand", "price", "shopper", "session"),
    (CLICKS, ORDERS),
)
LAYOUTS = (ONLINE_RETAIL, REES46)


def layout_of(header: Sequence[str]) -> SourceLayout | None:
    """The layout whose columns these are."""
    names = tuple(name.strip() for name in header)
    return next((layout for layout in LAYOUTS if layout.columns == names), None)

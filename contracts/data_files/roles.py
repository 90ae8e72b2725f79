"""What a column of a shop's export of orders can mean."""

from __future__ import annotations

from typing import Literal

Role = Literal[
    "order",
    "time",
    "product",
    "product_name",
    "quantity",
    # of one piece, or of all pieces of the row
    "unit_price",
    "line_amount",
    "currency",
    "customer",
    "country",
    "status",
    "cancelled_at",
    # of the whole order, in its first row or in each
    "order_discount",
    "refunded",
    "shipping",
    "tax",
    # of one row
    "row_discount",
    "row_shipping",
    "row_tax",
]
Included = Literal["shipping", "tax"]

# One role of each is in every mapping.
NEEDED: tuple[tuple[Role, ...], ...] = (
    ("order",),
    ("time",),
    ("product_name", "product"),
    ("quantity",),
    ("unit_price", "line_amount"),
)
DATES: tuple[Role, ...] = ("time", "cancelled_at")
ORDER_AMOUNTS: tuple[Role, ...] = ("order_discount", "refunded", "shipping", "tax")
ROW_AMOUNTS: tuple[Role, ...] = ("row_discount", "row_shipping", "row_tax")
PRICES: tuple[Role, ...] = ("unit_price", "line_amount", *ORDER_AMOUNTS, *ROW_AMOUNTS)
NUMBERS: tuple[Role, ...] = ("quantity", *PRICES)
IDS: tuple[Role, ...] = ("order", "product", "customer")
# Amounts that are lines of their own, with their names and pieces. A discount takes away.
CHARGES: tuple[tuple[Role, str, int], ...] = (
    ("order_discount", "discount", -1),
    ("row_discount", "discount", -1),
    ("shipping", "shipping", 1),
    ("row_shipping", "shipping", 1),
    ("tax", "tax", 1),
    ("row_tax", "tax", 1),
)

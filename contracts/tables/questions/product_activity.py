"""How often was each product looked at, put into a cart and bought, day by day?"""

from __future__ import annotations

from datetime import timedelta

from contracts.hot_keys import HotHash
from contracts.tables.answer import CHANGED_IN, Answer
from contracts.tables.click_counts import CLICK_COUNTS
from contracts.tables.columns import Column, Table

PRODUCT_DAY = HotHash(
    template="product:{{{product_id}}}:{day:%Y%m%d}",
    moment="day",
    lasts=timedelta(days=8),
    sums=tuple(column.name for column in CLICK_COUNTS),
    money={"revenue": "currency"},
)

ANSWER = Answer(
    question="product_activity",
    table=Table(
        "product_activity",
        "one row per (product, day UTC, currency)",
        (
            Column("product_id", "text"),
            Column("day", "timestamp", "its first moment"),
            Column("currency", "text"),
            *CLICK_COUNTS,
            Column("revenue", "money", "of the purchases"),
            CHANGED_IN,
        ),
        key=("product_id", "day", "currency"),
        indexes=("(changed_in)",),
    ),
    application="clicks",
    hot=(PRODUCT_DAY,),
)

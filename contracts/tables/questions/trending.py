"""Which products of a category are wanted most in each hour?"""

from __future__ import annotations

from datetime import timedelta

from contracts.hot_keys import HotSet
from contracts.tables.answer import CHANGED_IN, Answer
from contracts.tables.click_counts import CLICK_COUNTS
from contracts.tables.columns import Column, Table

# A cart counts as three views and a purchase as ten: they say more about what is wanted.
CART_WEIGHT, PURCHASE_WEIGHT = 3, 10

TRENDING_IN_HOUR = HotSet(
    template="trending:{{{category}}}:{hour:%Y%m%d%H}",
    moment="hour",
    lasts=timedelta(hours=49),
    member="product_id",
    score="score",
)

ANSWER = Answer(
    question="trending",
    table=Table(
        "trending",
        "one row per (category, hour UTC, product)",
        (
            Column("category", "text"),
            Column("hour", "timestamp", "its first moment"),
            Column("product_id", "text"),
            *CLICK_COUNTS,
            CHANGED_IN,
            Column(
                "score",
                "bigint",
                generated=f"views + {CART_WEIGHT} * carts + {PURCHASE_WEIGHT} * purchases",
            ),
        ),
        key=("category", "hour", "product_id"),
        indexes=("(changed_in)",),
    ),
    application="clicks",
    hot=(TRENDING_IN_HOUR,),
)

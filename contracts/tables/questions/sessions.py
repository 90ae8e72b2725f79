"""When did each user shop without a pause, and did it end in a purchase?"""

from __future__ import annotations

from contracts.tables.answer import CHANGED_IN, Answer, Gold
from contracts.tables.click_counts import CLICK_COUNTS
from contracts.tables.columns import Column, Table

ANSWER = Answer(
    question="sessions",
    table=Table(
        "sessions",
        "one row per (user, currency, start): clicks less than 30 minutes apart; one that pays in "
        "two currencies is two",
        (
            Column("user_id", "text", "subject token"),
            Column("currency", "text"),
            Column("started_at", "timestamp", "the first click"),
            Column("ended_at", "timestamp", "the last click"),
            Column("region", "text", "the first by name where clicks report several"),
            Column("events", "bigint"),
            *CLICK_COUNTS,
            Column("removals", "bigint", "products taken out of the cart"),
            Column("revenue", "money", "of the purchases"),
            Column("products", "texts", "each product once"),
            Column("closed_at", "timestamp", "30 minutes after the last click"),
            Column(
                "absorbed", "boolean", "a late click made it part of an earlier one; counts are 0"
            ),
            CHANGED_IN,
            Column("product_count", "bigint", generated="cardinality(products)"),
            Column(
                "seconds", "bigint", generated="extract(epoch FROM ended_at - started_at)::bigint"
            ),
            Column("converted", "boolean", generated="purchases > 0"),
            Column(
                "furthest",
                "text",
                "purchase, cart or view",
                generated="CASE WHEN purchases > 0 THEN 'purchase' WHEN carts + removals > 0 "
                "THEN 'cart' ELSE 'view' END",
            ),
        ),
        key=("user_id", "currency", "started_at"),
        indexes=("(changed_in)", "(closed_at)"),
    ),
    application="clicks",
    closes="closed_at",
    # A session that a late click opens again is published anew when it closes.
    gold=Gold(day="started_at", hidden=("absorbed",), only="NOT absorbed"),
)

"""What did each category earn, where, in each sliding minute?"""

from __future__ import annotations

from contracts.tables.answer import BOOKKEEPING, CHANGED_IN, Answer, Gold
from contracts.tables.columns import Column, Table

ANSWER = Answer(
    question="order_metrics",
    table=Table(
        "order_metrics",
        "one row per (1-minute window sliding 30 s, category, location, currency); category * is "
        "the whole order",
        (
            Column("window_start", "timestamp"),
            Column("window_end", "timestamp", "exclusive"),
            Column("category", "text"),
            Column("location", "text"),
            Column("currency", "text"),
            Column("region", "text", "the location's; the first by name where it reports several"),
            Column("order_count", "bigint", "placed orders"),
            Column("revenue", "money", "of placed orders, in this category"),
            Column("largest", "money", "placed order's amount in this category", nullable=True),
            Column("smallest", "money", nullable=True),
            Column(
                "customers", "bytes", "HLL sketch (lgK 12) of placed orders' tokens", nullable=True
            ),
            Column("unique_customers", "bigint", "the sketch's estimate"),
            Column("cancelled_count", "bigint"),
            Column("cancelled_amount", "money", "positive"),
            Column("closed_at", "timestamp", "30 s after the window's end"),
            Column("revised", "bigint", "orders appended after closed_at"),
            CHANGED_IN,
            Column(
                "average",
                "money",
                "revenue / order_count",
                nullable=True,
                generated="CASE WHEN order_count > 0 THEN round(revenue / order_count, 2) END",
            ),
        ),
        key=("window_start", "category", "location", "currency"),
        indexes=("(changed_in)", "(closed_at)"),
    ),
    application="orders",
    closes="closed_at",
    gold=Gold(day="window_start", hidden=("customers",)),
    unproved={
        **BOOKKEEPING,
        "customers": "no other engine reads the sketch; its estimate is compared",
    },
)

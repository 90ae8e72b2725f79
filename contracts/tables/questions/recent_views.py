"""What did each user look at last?"""

from __future__ import annotations

from datetime import timedelta

from contracts.hot_keys import HotSet
from contracts.tables.answer import CHANGED_IN, Answer
from contracts.tables.columns import Column, Table

VIEWED = HotSet(
    template="user:{{{user_id}}}:viewed",
    moment="viewed_at",
    lasts=timedelta(hours=24),
    member="product_id",
    score="viewed_at",
    newest=50,
)

ANSWER = Answer(
    question="recent_views",
    table=Table(
        "recent_views",
        "one row per (user, product viewed)",
        (
            Column("user_id", "text", "subject token"),
            Column("product_id", "text"),
            Column("viewed_at", "timestamp", "the last view"),
            CHANGED_IN,
        ),
        key=("user_id", "product_id"),
        indexes=("(changed_in)", "(user_id, viewed_at)"),
    ),
    application="clicks",
    hot=(VIEWED,),
)

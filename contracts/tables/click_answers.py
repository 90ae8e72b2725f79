"""Postgres: what is answered from clicks, and the ids that are already counted."""

from __future__ import annotations

from contracts.tables.columns import Column, Table

# Three and ten views' worth: a cart and a purchase say more about what is wanted than a look.
CART_WEIGHT, PURCHASE_WEIGHT = 3, 10

CLICK_IDS = Table(
    "click_ids",
    "one row a click event that was counted lately; older ones are found in silver",
    (
        Column("event_id", "uuid"),
        Column("topic_id", "text"),
        Column("partition", "integer"),
        Column("offset", "bigint"),
        Column("append_time", "timestamp"),
    ),
    key=("event_id",),
    indexes=("(append_time)",),
)

_COUNTS = (
    Column("views", "bigint"),
    Column("carts", "bigint"),
    Column("purchases", "bigint"),
)
_CHANGED_IN = Column(
    "changed_in", "bigint", "journal sequence of the last batch that touched the row"
)

SESSIONS = Table(
    "sessions",
    "one row a (user, currency, start): clicks less than 30 minutes apart; one that pays in two "
    "currencies is two",
    (
        Column("user_id", "text", "subject token"),
        Column("currency", "text"),
        Column("started_at", "timestamp", "the first click"),
        Column("ended_at", "timestamp", "the last click"),
        Column("region", "text", "the first by name where clicks report several"),
        Column("events", "bigint"),
        *_COUNTS,
        Column("removals", "bigint", "products taken out of the cart"),
        Column("revenue", "money", "of the purchases"),
        Column("products", "texts", "each product once"),
        Column("closed_at", "timestamp", "30 minutes after the last click"),
        Column("absorbed", "boolean", "a late click made it part of an earlier one; counts are 0"),
        _CHANGED_IN,
        Column("product_count", "bigint", generated="cardinality(products)"),
        Column("seconds", "bigint", generated="extract(epoch FROM ended_at - started_at)::bigint"),
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
)

PRODUCT_ACTIVITY = Table(
    "product_activity",
    "one row a (product, day UTC, currency)",
    (
        Column("product_id", "text"),
        Column("day", "timestamp", "its first moment"),
        Column("currency", "text"),
        *_COUNTS,
        Column("revenue", "money", "of the purchases"),
        _CHANGED_IN,
    ),
    key=("product_id", "day", "currency"),
    indexes=("(changed_in)",),
)

TRENDING = Table(
    "trending",
    "one row a (category, hour UTC, product)",
    (
        Column("category", "text"),
        Column("hour", "timestamp", "its first moment"),
        Column("product_id", "text"),
        *_COUNTS,
        _CHANGED_IN,
        Column(
            "score",
            "bigint",
            generated=f"views + {CART_WEIGHT} * carts + {PURCHASE_WEIGHT} * purchases",
        ),
    ),
    key=("category", "hour", "product_id"),
    indexes=("(changed_in)",),
)

RECENT_VIEWS = Table(
    "recent_views",
    "one row a (user, product viewed)",
    (
        Column("user_id", "text", "subject token"),
        Column("product_id", "text"),
        Column("viewed_at", "timestamp", "the last view"),
        _CHANGED_IN,
    ),
    key=("user_id", "product_id"),
    indexes=("(changed_in)", "(user_id, viewed_at)"),
)

CLICK_TABLES: tuple[Table, ...] = (CLICK_IDS, SESSIONS, PRODUCT_ACTIVITY, TRENDING, RECENT_VIEWS)

"""The answers about the small shop's clicks, written by hand."""

from __future__ import annotations

import duckdb

from contracts.events import Click
from contracts.tables.questions.product_activity import PRODUCT_DAY
from contracts.tables.questions.recent_views import VIEWED
from contracts.tables.questions.trending import TRENDING_IN_HOUR
from readers.filling import fill
from tests.proof.shop.events import MINUTE, START, micros, moment, money
from tests.proof.shop.records import put


def click_answers(connection: duckdb.DuckDBPyConnection, one: Click) -> None:
    _sessions(connection, one)
    _products(connection, one.currency)


def _sessions(connection: duckdb.DuckDBPyConnection, one: Click) -> None:
    shared = {"currency": one.currency, "region": one.region}
    visit = shared | {"user_id": "sub_a", "absorbed": False}
    bought = visit | {
        "started_at": START,
        "ended_at": moment(micros(START) + 20 * MINUTE),
        "closed_at": moment(micros(START) + 50 * MINUTE),
        "events": 4,
        "views": 1,
        "carts": 1,
        "purchases": 1,
        "removals": 1,
        "revenue": money(999),
        "product_count": 2,
        "seconds": 20 * 60,
        "converted": True,
        "furthest": "purchase",
        "products": ["p-1", "p-2"],
    }
    looked = visit | {
        "started_at": moment(micros(START) + 50 * MINUTE),
        "ended_at": moment(micros(START) + 50 * MINUTE),
        "closed_at": moment(micros(START) + 80 * MINUTE),
        "events": 1,
        "views": 1,
        "carts": 0,
        "purchases": 0,
        "removals": 0,
        "revenue": money(0),
        "product_count": 1,
        "seconds": 0,
        "converted": False,
        "furthest": "view",
        "products": ["p-2"],
    }
    put(connection, "answers.sessions", [bought, looked])
    # The second is open at the time of the publication.
    put(connection, "gold.sessions", [bought])
    put(
        connection,
        "answers.published",
        [{"table_name": "gold.sessions", "closed_until": moment(micros(START) + 60 * MINUTE)}],
    )


def _products(connection: duckdb.DuckDBPyConnection, currency: str) -> None:
    first = {"product_id": "p-1", "views": 1, "carts": 1, "purchases": 0}
    second = {"product_id": "p-2", "views": 1, "carts": 0, "purchases": 1}
    day = {"day": START.replace(hour=0), "currency": currency}
    put(
        connection,
        "answers.product_activity",
        [first | day | {"revenue": money(0)}, second | day | {"revenue": money(999)}],
    )
    hour = {"category": "Toys", "hour": START}
    put(
        connection,
        "answers.trending",
        [first | hour | {"score": 4}, second | hour | {"score": 11}],
    )
    put(
        connection,
        "answers.recent_views",
        [
            {"user_id": "sub_a", "product_id": "p-1", "viewed_at": START},
            {
                "user_id": "sub_a",
                "product_id": "p-2",
                "viewed_at": moment(micros(START) + 50 * MINUTE),
            },
        ],
    )


def hot_answers(connection: duckdb.DuckDBPyConnection, currency: str) -> None:
    fill(connection, "hot.moment", [(micros(START) + 60 * MINUTE,)])
    days = {
        "p-1": {"views": 1, "carts": 1, "purchases": 0, f"revenue:{currency}": 0},
        "p-2": {"views": 1, "carts": 0, "purchases": 1, f"revenue:{currency}": 999},
    }
    viewed = {"p-1": micros(START), "p-2": micros(START) + 50 * MINUTE}
    hour = {"p-1": 4, "p-2": 11}
    for keys, key, entries in (
        (VIEWED, "user:{sub_a}:viewed", viewed),
        *((PRODUCT_DAY, f"product:{{{product}}}:20260302", days[product]) for product in days),
        (TRENDING_IN_HOUR, "trending:{Toys}:2026030209", hour),
    ):
        rows = [(keys.template, key, entry, value) for entry, value in entries.items()]
        fill(connection, "hot.entries", rows)

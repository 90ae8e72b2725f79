"""A shop whose visitors click, and whose stores agree: the relations that the levels read."""

from __future__ import annotations

from collections.abc import Callable

import duckdb

from contracts.codec import encode
from contracts.events import Click, ClickType, Source, simulated_event_id
from proof.filling import fill
from proof.relations import connect
from tests.proof.shop import CLUSTER, REGISTRY, SECOND, START, micros, moment, money, put

TOPIC = "ecommerce-clicks"
TOPIC_ID = "7f9f0d4e-3a53-4d0c-8d5c-0a4b3c2d1e03"
MINUTE = 60 * SECOND
DAY, HOUR = START.replace(hour=0), START
DAY_TEXT, HOUR_TEXT = "20260302", "2026030209"
# A visit of two products that ends in a purchase, and one look after a pause of the gap.
CLICKS: tuple[tuple[float, ClickType, str, int], ...] = (
    (0, "view", "p-1", 250),
    (10, "cart", "p-1", 250),
    (12, "remove_from_cart", "p-1", 250),
    (20, "purchase", "p-2", 999),
    (50, "view", "p-2", 999),
)


def click(number: int) -> Click:
    minute, kind, product, price = CLICKS[number]
    at = micros(START) + round(minute * MINUTE)
    return Click(
        event_id=simulated_event_id("run-1", "visits", number),
        event_time=at,
        sent_at=at,
        region="Europe",
        source=Source("run-1", "visits", number),
        event_type=kind,
        user_id="sub_a",
        session_id=None,
        product_id=product,
        category="Toys",
        brand=None,
        price=price,
        currency="GBP",
    )


def open_visits(told: Callable[[int], Click] = click) -> duckdb.DuckDBPyConnection:
    """The stores, an hour after the first click; `told` gives the click of a number."""
    connection = connect()
    _lake(connection, told)
    _answers(connection, told(0))
    _hot(connection, told(0).currency)
    return connection


def _lake(connection: duckdb.DuckDBPyConnection, told: Callable[[int], Click]) -> None:
    for number in range(len(CLICKS)):
        one = told(number)
        origin = {
            "topic": TOPIC,
            "topic_id": TOPIC_ID,
            "cluster_id": CLUSTER,
            "partition": 0,
            "offset": number,
            "append_time": moment(one.event_time + SECOND),
        }
        value = encode(one, REGISTRY.latest("clicks"))
        put(connection, "bronze.events", [origin | {"value": value}])
        put(
            connection,
            "silver.clicks",
            [
                origin
                | {
                    "event_id": one.event_id,
                    "event_time": moment(one.event_time),
                    "region": one.region,
                    "source_producer": one.source.producer,
                    "late_by_us": SECOND,
                    "event_type": one.event_type,
                    "user_id": one.user_id,
                    "session_id": one.session_id,
                    "product_id": one.product_id,
                    "category": one.category,
                    "brand": one.brand,
                    "price": money(one.price),
                    "currency": one.currency,
                }
            ],
        )
    end = len(CLICKS)
    fill(connection, "broker.partitions", [(TOPIC, TOPIC_ID, 0, 0, end)])
    progress = {"topic": TOPIC, "topic_id": TOPIC_ID, "partition": 0, "until": end}
    put(connection, "answers.progress", [progress | {"application": "ingest"}])
    quality = {"topic": TOPIC, "duplicate": 0, "quarantine": 0, "score": 100}
    put(
        connection,
        "answers.quality",
        [
            quality | {"window_start": moment(micros(START) + minute * MINUTE), "silver": clicks}
            for minute, clicks in ((0, 1), (10, 2), (20, 1), (50, 1))
        ],
    )


def _answers(connection: duckdb.DuckDBPyConnection, one: Click) -> None:
    place = {"currency": one.currency, "region": one.region}
    visit = place | {"user_id": "sub_a", "absorbed": False}
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
    first = {"product_id": "p-1", "views": 1, "carts": 1, "purchases": 0}
    second = {"product_id": "p-2", "views": 1, "carts": 0, "purchases": 1}
    day = {"day": DAY, "currency": one.currency}
    put(
        connection,
        "answers.product_activity",
        [first | day | {"revenue": money(0)}, second | day | {"revenue": money(999)}],
    )
    hour = {"category": "Toys", "hour": HOUR}
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


def _hot(connection: duckdb.DuckDBPyConnection, currency: str) -> None:
    fill(connection, "hot.moment", [(micros(START) + 60 * MINUTE,)])
    fill(
        connection,
        "hot.viewed",
        [("sub_a", "p-1", micros(START)), ("sub_a", "p-2", micros(START) + 50 * MINUTE)],
    )
    fill(
        connection,
        "hot.product_day",
        [
            ("p-1", DAY_TEXT, 1, 1, 0, f'{{"{currency}": 0}}'),
            ("p-2", DAY_TEXT, 1, 0, 1, f'{{"{currency}": 999}}'),
        ],
    )
    fill(
        connection,
        "hot.trending",
        [("Toys", HOUR_TEXT, "p-1", 4), ("Toys", HOUR_TEXT, "p-2", 11)],
    )

"""What the demo tells about shoppers, read from a real Postgres and a real Valkey."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest

from contracts.tables.questions.recent_views import VIEWED
from local.profile import valkey_url
from ops.commands.demo.live_shoppers import LiveShoppers, ShopperFigures, Trend
from tests.valkey import Cluster, three_shards

__all__ = ["three_shards"]

# Two sessions of 3 and 4 clicks, and one that a late click made part of another.
SESSIONS = """
INSERT INTO sessions (user_id, currency, started_at, ended_at, region, events, views, carts,
                      purchases, removals, revenue, products, closed_at, absorbed, changed_in)
SELECT user_id, 'EUR', at, at, 'eu', events, 0, 0, 0, 0, 0, '{}', at, absorbed, 1
FROM (VALUES ('sub_a', timestamptz '2026-03-01 09:00Z', 3, false),
             ('sub_a', '2026-03-01 10:00Z', 4, false),
             ('sub_a', '2026-03-01 10:20Z', 0, true)) AS told (user_id, at, events, absorbed)"""
TRENDING = """
INSERT INTO trending (category, hour, product_id, views, carts, purchases, changed_in)
VALUES ('toys', '2026-03-01 09:00Z', 'p-old', 99, 0, 0, 1),
       ('toys', '2026-03-01 10:00Z', 'p-1', 5, 0, 0, 1),
       ('garden', '2026-03-01 10:00Z', 'p-2', 0, 0, 1, 1)"""
VIEWS = """
INSERT INTO recent_views (user_id, product_id, viewed_at, changed_in)
VALUES ('sub_a', 'p-1', '2026-03-01 10:05Z', 1), ('sub_b', 'p-2', '2026-03-01 10:01Z', 1)"""


@pytest.fixture
def shop(postgres: str, three_shards: Cluster) -> Iterator[tuple[str, LiveShoppers]]:
    for node in three_shards.clients.values():
        node.flushall()
    url = valkey_url(three_shards.home, three_shards.profile)
    with (
        psycopg.connect(postgres, autocommit=True) as connection,
        closing(LiveShoppers(connection, url)) as shoppers,
    ):
        yield postgres, shoppers


def test_before_anybody_came_all_is_empty(shop: tuple[str, LiveShoppers]) -> None:
    assert shop[1].now() == ShopperFigures(clicks=0, sessions=0, trending=[], viewer="", viewed=())


def test_sessions_trends_of_the_newest_hour_and_the_last_viewers_products(
    shop: tuple[str, LiveShoppers], three_shards: Cluster
) -> None:
    postgres, shoppers = shop
    with psycopg.connect(postgres) as connection:
        for statement in (SESSIONS, TRENDING, VIEWS):
            connection.execute(statement)
    with closing(three_shards.whole()) as store:
        store.zadd(VIEWED.key("sub_a"), {f"p-{number}": number for number in range(1, 8)})
        store.zadd(VIEWED.key("sub_b"), {"p-2": 9})
    assert shoppers.now() == ShopperFigures(
        clicks=7,
        sessions=2,
        trending=[Trend("p-2", "garden", 10), Trend("p-1", "toys", 5)],
        viewer="sub_a",
        viewed=["p-7", "p-6", "p-5", "p-4", "p-3"],
    )

"""Answers from Postgres into a real Valkey: absolute, marked when they are there, made up for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from contracts.hot_keys import HOT_STORE_MARK
from contracts.tables.questions.product_activity import PRODUCT_DAY
from contracts.tables.questions.recent_views import VIEWED
from contracts.tables.questions.trending import TRENDING_IN_HOUR
from emr_jobs.kernel.metrics import Metrics
from emr_jobs.publish.hot_store import HotAnswers
from emr_jobs.stores.valkey_cluster import Endpoint, Link, ValkeyCluster
from emr_jobs.stores.valkey_link import Door
from tests.valkey import Cluster, three_shards

__all__ = ["three_shards"]

# Ahead of the server's own clock, which drops what has expired.
NOON = datetime(2099, 3, 1, 12, tzinfo=UTC)
Pg = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture
def connection(postgres: str) -> Iterator[Pg]:
    with psycopg.connect(postgres, autocommit=True) as connection:
        yield connection


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def hot(three_shards: Cluster, connection: Pg, told: list[str]) -> Iterator[HotAnswers]:
    for node in three_shards.clients.values():
        node.flushall()
    door = Door(lambda: ("default", three_shards.profile.password))
    cluster = ValkeyCluster(three_shards.seeds, door.open)
    yield HotAnswers(connection, cluster, metrics(told))
    cluster.close()


def metrics(told: list[str]) -> Metrics:
    return Metrics("clicks", told.append, lambda: NOON)


def commit(connection: Pg, sequence: int, *statements: str) -> None:
    """A batch that changed these answers; ``CHANGED`` stands for its number."""
    for statement in statements:
        connection.execute(statement.replace("CHANGED", str(sequence)).encode())
    connection.execute(
        "INSERT INTO journal (application, sequence, batch_id, epoch, ranges, counts, started_at) "
        "VALUES ('clicks', %s, 1, 1, '[]', '{}', now())",
        (sequence,),
    )


def view(user: str, product: str, ago: timedelta) -> str:
    at = (NOON - ago).isoformat()
    return (
        f"INSERT INTO recent_views VALUES ('{user}', '{product}', '{at}', CHANGED) ON CONFLICT "
        "(user_id, product_id) DO UPDATE SET viewed_at = excluded.viewed_at, changed_in = CHANGED"
    )


def score(category: str, product: str, views: int) -> str:
    return (
        "INSERT INTO trending (category, hour, product_id, views, carts, purchases, changed_in) "
        f"VALUES ('{category}', '{NOON.isoformat()}', '{product}', {views}, 0, 0, CHANGED) "
        "ON CONFLICT (category, hour, product_id) DO UPDATE SET views = excluded.views, "
        "changed_in = CHANGED"
    )


def activity(product: str, currency: str, views: int, revenue: str) -> str:
    return (
        "INSERT INTO product_activity VALUES "
        f"('{product}', '{NOON.date()}', '{currency}', {views}, 0, 1, {revenue}, CHANGED)"
    )


HOUR = timedelta(hours=1)


def test_the_newest_views_of_the_day_before_the_last_one(
    hot: HotAnswers, connection: Pg, three_shards: Cluster
) -> None:
    many = [view("u", f"p-{n:02}", n * timedelta(minutes=1)) for n in range(60)]
    old = [
        view("v", "last", 3 * HOUR),
        view("v", "before", 26 * HOUR),
        view("v", "gone", 28 * HOUR),
    ]
    commit(connection, 1, *many, *old, view("w", "too long ago", 24 * HOUR))
    assert hot.publish(NOON) == 2
    store = three_shards.whole()
    newest = store.zrevrange(VIEWED.key("u"), 0, -1)
    assert newest == [f"p-{n:02}" for n in range(50)]
    assert store.zrevrange(VIEWED.key("v"), 0, -1) == ["last", "before"]
    gone_at = datetime.fromtimestamp(store.expiretime(VIEWED.key("v")), UTC)
    assert gone_at == NOON - 3 * HOUR + VIEWED.lasts
    assert not store.exists(VIEWED.key("w"))


def test_a_day_of_a_product_sums_over_currencies(
    hot: HotAnswers, connection: Pg, three_shards: Cluster
) -> None:
    commit(
        connection, 1, activity("p", "EUR", 3, "2.50"), activity("p", "GBP", 4, "99999999999.99")
    )
    assert hot.publish(NOON) == 1
    assert three_shards.whole().hgetall(PRODUCT_DAY.key("p", NOON)) == {
        "views": "7",
        "carts": "0",
        "purchases": "2",
        "revenue:EUR": "250",
        "revenue:GBP": "9999999999999",
    }


def test_only_what_changed_is_pushed_and_a_score_replaces_the_one_before(
    hot: HotAnswers, connection: Pg, three_shards: Cluster
) -> None:
    key = TRENDING_IN_HOUR.key("Toys", NOON)
    commit(connection, 1, score("Toys", "a", 5), score("Toys", "b", 2), score("Bags", "c", 1))
    assert hot.publish(NOON) == 2
    commit(connection, 2, score("Toys", "b", 9))
    assert hot.publish(NOON) == 1
    assert three_shards.whole().zrevrange(key, 0, -1, withscores=True) == [("b", 9), ("a", 5)]
    assert hot.publish(NOON) == 0, "nothing is new"


def test_a_mark_that_is_reset_has_all_pushed_again(
    hot: HotAnswers, connection: Pg, three_shards: Cluster
) -> None:
    commit(connection, 1, score("Toys", "a", 5))
    assert hot.publish(NOON) == 1
    for node in three_shards.clients.values():
        node.flushall()
    connection.execute(
        "UPDATE published SET changed_in = -1 WHERE table_name = %s", (HOT_STORE_MARK,)
    )
    assert hot.publish(NOON) == 1
    assert three_shards.whole().zscore(TRENDING_IN_HOUR.key("Toys", NOON), "a") == 5


def test_a_store_that_takes_nothing_is_told_and_tried_again(
    hot: HotAnswers, connection: Pg, told: list[str]
) -> None:
    def closed(_endpoint: Endpoint) -> Link:
        raise ConnectionRefusedError("closed")

    nowhere = ValkeyCluster([("127.0.0.1", 1)], closed, sleep=lambda _seconds: None)
    commit(connection, 1, score("Toys", "a", 5))
    commit(connection, 2, score("Toys", "b", 5))
    assert HotAnswers(connection, nowhere, metrics(told)).publish(NOON) == 0
    assert '"hot_answers_behind":2' in told[-1]
    assert hot.publish(NOON) == 1
    assert '"hot_answers_behind":0' in told[-1]

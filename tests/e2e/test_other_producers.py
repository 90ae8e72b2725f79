"""Producers that are not ours. Some write in transactions: what they abort counts nowhere, and
what they leave open holds back its own partition alone. Some compress what they send."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

import pytest
from confluent_kafka import Producer

from contracts.codec import HEADER_BYTES, ZLIB, encode
from contracts.events import Click, Order, key_of, topic_of
from contracts.registry.opening import open_registry
from contracts.rejections import MAX_VALUE_BYTES
from contracts.topics import ORDERS
from local.home import Home
from tests.shop import Shop, eventually, open_shop
from tests.spark.clicks import click
from tests.spark.orders import order

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("shop")) as shop:
        shop.up()
        yield shop


class Transactions:
    """A producer that writes in transactions, as another system's does."""

    def __init__(self, shop: Shop, name: str) -> None:
        self._registry = open_registry(Home(shop.home).registry)
        servers = shop.status()["bootstrap_servers"]
        self.producer = Producer({"bootstrap.servers": servers, "transactional.id": name})
        self.producer.init_transactions()

    def send(self, *events: Order | Click, partition: int = 0) -> None:
        for each in events:
            topic = topic_of(each)
            value = encode(each, self._registry.latest(topic.schema))
            self.producer.produce(topic.name, value, key_of(each), partition=partition)
        self.producer.flush()

    def begin(self) -> None:
        self.producer.begin_transaction()

    def commit(self) -> None:
        self.producer.commit_transaction()

    def abort(self) -> None:
        self.producer.abort_transaction()


def applied(shop: Shop) -> set[str]:
    return {event_id for (event_id,) in shop.query("SELECT event_id::text FROM orders")}


def until(shop: Shop) -> dict[int, int]:
    rows = shop.query("SELECT partition, until FROM progress WHERE application = 'orders'")
    return {int(partition): int(offset) for partition, offset in rows}


def test_aborted_orders_are_in_no_total_and_every_offset_is_accounted_for(shop: Shop) -> None:
    writer = Transactions(shop, "till")
    kept = [order() for _ in range(6)]
    aborted = [order() for _ in range(5)]
    writer.begin()
    writer.send(*kept[:2], click(1, 0), click(2, 1))
    writer.commit()
    for number, each in enumerate(aborted):
        writer.begin()
        writer.send(each, click(10 + number, 2))
        writer.abort()
    writer.begin()
    writer.send(*kept[2:], partition=1)
    writer.commit()
    report = shop.verified()
    # Five marks of aborted transactions and one of a committed one behind their records.
    orders, clicks = 5 + 5 + 1 + 1, 5 + 5 + 1
    assert report["skipped"] == orders + clicks
    assert (report["bronze"], report["silver"], report["gap"]) == (6 + 2, 6 + 2, 0)
    assert applied(shop) == {each.event_id for each in kept}
    assert shop.query("SELECT sum(total) FROM orders") == [
        (sum(each.total for each in kept) / 100,)
    ]
    for application, offsets in (("orders", orders), ("clicks", clicks)):
        found = shop.query(
            "SELECT sum(offsets), array_agg(DISTINCT reason) FROM skipped "
            f"WHERE application = '{application}'"
        )
        assert found == [(offsets, ["transaction"])]
    shown = shop.run("tail", ORDERS.name, "--from-beginning", "--no-follow").stdout
    assert all(each.event_id in shown for each in kept)
    assert not any(each.event_id in shown for each in aborted)


def test_a_transaction_that_stays_open_holds_back_its_own_partition(shop: Shop) -> None:
    writer, other = Transactions(shop, "slow till"), Transactions(shop, "quick till")
    before, held, free = until(shop), order(), order()
    writer.begin()
    writer.send(held, partition=2)
    other.begin()
    other.send(free, partition=1)
    other.commit()
    eventually(lambda: free.event_id in applied(shop), "the other partition goes on")
    assert until(shop) == before | {1: before[1] + 2}
    said = shop.refused("verify", "--deadline", "3", code=3)
    assert f"orders: {ORDERS.name}/2 applied {before.get(2, 0)} of" in said
    assert "(a transaction is open)" in said
    assert shop.status()["applications"]["orders"]["lag"] == {"offsets": 1, "held": 1}
    writer.commit()
    eventually(lambda: held.event_id in applied(shop), "the transaction's order is applied")
    shop.verified()


def test_a_transaction_that_nobody_ends_is_aborted_by_the_broker(shop: Shop) -> None:
    registry = open_registry(Home(shop.home).registry)
    settings: dict[str, Any] = {
        "bootstrap.servers": shop.status()["bootstrap_servers"],
        "transactional.id": "dead till",
        "transaction.timeout.ms": 2_000,
    }
    producer = Producer(settings)
    producer.init_transactions()
    producer.begin_transaction()
    lost = order()
    producer.produce(ORDERS.name, encode(lost, registry.latest(ORDERS.schema)), partition=0)
    producer.flush()
    skipped = shop.verified()["skipped"]
    assert lost.event_id not in applied(shop)
    assert skipped > 0


def test_what_the_serializer_of_glue_compresses_is_read(shop: Shop) -> None:
    registry = open_registry(Home(shop.home).registry)
    sent = order()
    plain = encode(sent, registry.latest(ORDERS.schema))

    def compressed(body: bytes) -> bytes:
        return ZLIB + plain[len(ZLIB) : HEADER_BYTES] + zlib.compress(body, 9)

    bomb = compressed(bytes(200 * MAX_VALUE_BYTES))
    assert len(bomb) < MAX_VALUE_BYTES
    before = shop.verified()
    producer = Producer({"bootstrap.servers": shop.status()["bootstrap_servers"]})
    for value in (compressed(plain[HEADER_BYTES:]), bomb, plain):
        producer.produce(ORDERS.name, value, partition=1)
    producer.flush()
    report = shop.verified()
    assert sent.event_id in applied(shop)
    assert report["silver"] == before["silver"] + 1
    assert report["duplicate"] == before["duplicate"] + 1, "the copy that is not compressed"
    assert report["quarantine"] == {"oversized": 1}

"""Simulated shoppers through everything: what is odd is counted to the row; what they look at is in
Valkey, also after a shard has lost all, and while one comes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.shop import Shop, open_shop

pytestmark = pytest.mark.e2e

ODD = ("--duplicates", "5%", "--late", "5%", "--malformed", "1%", "--future", "0.5%")
VISITS = "SELECT count(*), sum(events), sum(revenue) FROM sessions WHERE NOT absorbed"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("shop")) as shop:
        shop.up()
        yield shop


def shards(shop: Shop) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = shop.answer("valkey", "status")  # type: ignore[assignment]
    return found


def test_every_odd_event_ends_where_the_producer_says(shop: Shop) -> None:
    sent = shop.answer("simulate", "--count", "6000", "--seed", "3", "--rate", "max", *ODD)
    report = shop.verified()
    assert report["acknowledged"] == sent["acknowledged"]
    assert report["duplicate"] == sent["duplicate"] > 0
    assert report["late"] == sent["late"] > 0
    assert report["quarantine"] == sent["quarantine"] != {}


def test_a_shard_that_lost_all_is_filled_again(shop: Shop) -> None:
    before = [shard["keys"] for shard in shards(shop)]
    assert min(before) > 0
    assert shop.answer("valkey", "rebuild", "--shard", "2")["keys"] == sum(before)
    shop.verified()


def test_a_shard_comes_while_shoppers_click(shop: Shop) -> None:
    visits = shop.query(VISITS)
    with shop.start("simulate", "--rate", "200", "--duration", "20", "--seed", "4") as shoppers:
        moved = shop.answer("valkey", "add-shard")
        _, said = shoppers.communicate(timeout=300)
    assert shoppers.returncode == 0, said
    assert moved["share"] <= 1 / 4 + 0.05
    shop.verified()
    assert len(shards(shop)) == 4
    assert shop.query(VISITS) != visits
    assert shop.answer("valkey", "remove-shard")["slots"] > 0
    shop.verified()
    assert [shard["slots"] for shard in shards(shop)] == [5461, 5461, 5462]

"""Shoppers through everything: what is odd is counted to the row; what they look at is in Valkey,
also after a shard has lost all, and while one comes; a late click joins two sessions."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from contracts.codec import encode
from contracts.registry.opening import open_registry
from contracts.topics import CLICKS
from local.home import Home
from tests.shop import Shop, open_shop
from tests.spark.clicks import MINUTE, click

pytestmark = pytest.mark.e2e

ODD = ("--duplicates", "5%", "--late", "5%", "--malformed", "1%", "--future", "0.5%")
VISITS = "SELECT count(*), sum(events), sum(revenue) FROM sessions WHERE NOT absorbed"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("shop")) as shop:
        shop.up()
        yield shop


def behaviour(path: Path, rows: int = 3_000) -> Path:
    """A file of the REES46 layout: shoppers who look, take, put back and buy in turn; one price of
    each hundred is below nothing, one row of each hundred is none."""
    kinds = ("view", "view", "cart", "remove_from_cart", "view", "cart", "purchase")
    start = datetime(2019, 10, 1, tzinfo=UTC)
    with path.open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(
            (
                *("event_time", "event_type", "product_id", "category_id", "category_code"),
                *("brand", "price", "user_id", "user_session"),
            )
        )
        for row in range(rows):
            at = (start + timedelta(seconds=7 * row)).strftime("%Y-%m-%d %H:%M:%S UTC")
            price = "-1.00" if row % 100 == 41 else f"{row % 37}.{row % 90 + 10}"
            kind = "look" if row % 100 == 73 else kinds[row % len(kinds)]
            category = ("", "toys.blocks", "home.lamps")[row % 3]
            lines.writerow((at, kind, row % 50, 1, category, "", price, row % 211, row % 211))
    return path


def shards(shop: Shop) -> list[dict[str, Any]]:
    return shop.rows("valkey", "status")


def test_every_odd_event_ends_where_the_producer_says(shop: Shop) -> None:
    sent = shop.answer("simulate", "--count", "6000", "--seed", "3", "--rate", "max", *ODD)
    report = shop.verified()
    assert report["acknowledged"] == sent["acknowledged"]
    assert report["duplicate"] == sent["duplicate"] > 0
    assert report["late"] == sent["late"] > 0
    assert report["quarantine"] == sent["quarantine"] != {}


def test_a_file_of_behaviour_in_two_pieces_is_proved_beside_them(
    shop: Shop, tmp_path: Path
) -> None:
    file = behaviour(tmp_path / "shop.csv")
    for piece in (("--limit", "1800"), ("--start", "1801")):
        assert shop.answer("replay", "rees46", str(file), *piece)["rejected"] != {}
    shop.verified()
    source = shop.verified("--source", str(file))["source"]
    assert (source["ok"], source["mismatched_rows"]) == (True, 0)
    assert (source["rows"], source["rejected_rows"], source["clicks"]) == (3_000, 30, 2_940)
    compared = {check["name"]: check["expected"] for check in source["checks"]}
    assert min(compared[name] for name in ("order_metrics", "sessions", "quarantine")) > 0


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


VISITS_OF = "SELECT {} FROM {} WHERE user_id = 'sub_late' ORDER BY started_at"


def send_clicks(shop: Shop, start_us: int, *minutes: int) -> None:
    """Clicks of one user, minutes after `start_us`, from a producer without a ledger."""
    schema = open_registry(Home(shop.home).registry).latest(CLICKS.schema)
    producer = Producer({"bootstrap.servers": shop.status()["bootstrap_servers"]})
    for minute in minutes:
        at = start_us + minute * MINUTE
        told = replace(click(minute, 0, user="sub_late"), event_time=at, sent_at=at)
        producer.produce(CLICKS.name, encode(told, schema), told.user_id.encode())
    assert producer.flush(60) == 0


def published(shop: Shop) -> list[int]:
    """How many events each of the user's sessions has in the lake."""
    rows = shop.rows("sql", VISITS_OF.format("events", "gold.sessions"))
    return [row["events"] for row in rows]


def test_a_late_click_joins_two_sessions(shop: Shop) -> None:
    ((start,),) = shop.query(
        "SELECT (extract(epoch FROM clock_timestamp() - interval '3 hours') * 1e6)::bigint"
    )
    sessions = VISITS_OF.format("events, absorbed", "sessions")
    send_clicks(shop, start, 1, 2, 3, 43, 44, 45)
    shop.verified()
    assert shop.query(sessions) == [(3, False), (3, False)]
    assert published(shop) == [3, 3]

    send_clicks(shop, start, 23)
    shop.verified()
    assert shop.query(sessions) == [(7, False), (0, True)]
    assert published(shop) == [7]

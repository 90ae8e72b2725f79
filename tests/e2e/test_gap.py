"""Kafka deletes records before they are read: the applications stop, and go on when a person has
accepted the loss."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from kafka import TopicPartition
from kafka.admin import KafkaAdminClient

from contracts.topics import ORDERS
from tests.shop import SLICE, Shop, eventually, open_shop

pytestmark = pytest.mark.e2e

STATES = "SELECT DISTINCT state FROM applications"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("shop")) as shop:
        shop.up()
        shop.replay("--limit", "2000")
        shop.verified("--source", str(SLICE))
        yield shop


def test_a_gap_stops_the_applications_until_it_is_accepted(shop: Shop) -> None:
    nothing = shop.answer("accept-gap")
    assert nothing == {"accepted": []}
    before = shop.ends(ORDERS.name)
    shop.run("down")
    shop.up("--without-spark")
    shop.replay("--start", "2001", "--limit", "1000")
    after = shop.ends(ORDERS.name)
    lost = after[0] - before[0] - 1
    assert lost > 0, "the newest record of the partition is left"
    admin = KafkaAdminClient(bootstrap_servers=shop.status()["bootstrap_servers"])
    admin.delete_records({TopicPartition(ORDERS.name, 0): after[0] - 1})
    admin.close()
    shop.run("up")
    eventually(lambda: shop.query(STATES) == [("stopped",)], "the applications stop", 300)
    (details,) = zip(
        *shop.query("SELECT detail FROM applications WHERE name = 'orders'"), strict=True
    )
    missing = f"offsets [{before[0]}, {after[0] - 1}) are missing"
    assert missing in details[0]
    assert "shopstream accept-gap" in details[0]

    said = shop.refused("accept-gap", code=2)
    assert f"{2 * lost:,} offsets are lost for good; nothing was changed" in said
    shown = shop.run("accept-gap", "--yes")
    assert shown.returncode == 0, shown.stderr
    for application in ("ingest", "orders"):
        assert application in shown.stdout
    audit = shop.query(
        "SELECT application, first, until, offsets, reason, accepted_by <> '' "
        "FROM skipped ORDER BY 1"
    )
    one = (before[0], after[0] - 1, lost, "gap", True)
    assert audit == [("ingest", *one), ("orders", *one)]

    shop.up()
    report = shop.verified()
    assert (report["gap"], report["lost"]) == (lost, 0)
    (note, _) = report["levels"]["L2"]["notes"]
    assert f"gap: ingest never read {ORDERS.name}/0 [{before[0]}, {after[0] - 1})" in note


def test_what_is_sent_again_fills_the_gap(shop: Shop) -> None:
    shop.replay("--limit", "3000")
    report = shop.verified("--source", str(SLICE))
    assert report["source"]["mismatched_rows"] == 0
    assert report["gap"] > 0, "the offsets stay lost, their events do not"
    assert json.loads(shop.run("verify", "--json").stdout)["green"]

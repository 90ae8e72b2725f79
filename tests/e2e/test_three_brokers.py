"""Three brokers: the leader of the busiest partition dies in the middle of a replay."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from kafka.admin import KafkaAdminClient

from contracts.topics import ORDERS
from tests.shop import SLICE, eventually, open_shop

pytestmark = pytest.mark.e2e


def test_no_acknowledgement_fails_and_nothing_is_lost(tmp_path: Path) -> None:
    with open_shop(tmp_path) as shop:
        stack = shop.up("--brokers", "3")
        admin = KafkaAdminClient(bootstrap_servers=stack["bootstrap_servers"].split(","))
        # 20,000 recorded minutes in about half a minute.
        replay = shop.start("replay", "online-retail", str(SLICE), "--speed", "30000", "--json")

        def sent() -> int:
            return sum(shop.ends(ORDERS.name).values())

        eventually(lambda: sent() > 100, "a hundred orders are in the topic")
        busiest = max(shop.ends(ORDERS.name).items(), key=lambda item: item[1])[0]
        described = admin.describe_topics([ORDERS.name])[0]["partitions"]
        leader = next(p["leader_id"] for p in described if p["partition_index"] == busiest)
        admin.close()
        assert replay.poll() is None, "the replay goes on while the leader dies"
        dead = shop.kill(f"kafka-{leader}")

        out, err = replay.communicate(timeout=500)
        assert replay.returncode == 0, err
        summary = json.loads(out)
        assert summary["failed"] == 0
        assert summary["acknowledged"] == summary["attempted"]
        report = shop.verified("--source", str(SLICE))
        assert report["acknowledged"] == report["silver"]
        assert shop.process(f"kafka-{leader}") != dead

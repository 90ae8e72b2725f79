"""Three brokers: the leader of the busiest partition dies in the middle of a replay."""

from __future__ import annotations

import json
from pathlib import Path

import psutil
import pytest
from kafka import TopicPartition
from kafka.admin import KafkaAdminClient

from contracts.topics import ORDERS
from tests.shop import SLICE, eventually, open_shop

pytestmark = pytest.mark.e2e


def test_no_acknowledgement_fails_and_nothing_is_lost(tmp_path: Path) -> None:
    with open_shop(tmp_path) as shop:
        stack = shop.answer("up", "--brokers", "3")
        admin = KafkaAdminClient(bootstrap_servers=stack["bootstrap_servers"].split(","))
        # 20,000 recorded minutes in about half a minute.
        replay = shop.start("replay", "online-retail", str(SLICE), "--speed", "30000", "--json")

        def ends() -> dict[int, int]:
            described = admin.describe_topics([ORDERS.name])[0]["partitions"]
            asked = {TopicPartition(ORDERS.name, p["partition_index"]): -1 for p in described}
            found = admin.list_partition_offsets(asked)
            return {partition.partition: end.offset for partition, end in found.items()}

        eventually(lambda: sum(ends().values()) > 100, "a hundred orders are in the topic")
        busiest = max(ends().items(), key=lambda item: item[1])[0]
        described = admin.describe_topics([ORDERS.name])[0]["partitions"]
        leader = next(p["leader_id"] for p in described if p["partition_index"] == busiest)
        admin.close()
        part = shop.answer("status")["parts"][f"kafka-{leader}"]
        psutil.Process(part["pid"]).kill()

        out, err = replay.communicate(timeout=300)
        assert replay.returncode == 0, err
        summary = json.loads(out)
        assert summary["failed"] == 0
        assert summary["acknowledged"] == summary["attempted"]
        report = shop.verified("--source", str(SLICE))
        assert report["acknowledged"] == report["silver"]

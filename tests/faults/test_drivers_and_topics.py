"""Two drivers on one application; a topic that grows; a topic that is deleted and created again."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kafka.admin import KafkaAdminClient, NewPartitions

from contracts.applications import EXIT_STOPPED
from contracts.topics import ORDERS
from tests.shop import BY_COMMAND, SLICE, Shop, eventually, open_shop

pytestmark = [pytest.mark.e2e, pytest.mark.faults]

STATES = "SELECT name, state, detail FROM applications ORDER BY name"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("shop")) as shop:
        shop.up()
        shop.replay("--limit", "3000")
        shop.verified("--source", str(SLICE))
        yield shop


def second_driver(shop: Shop, *options: str) -> subprocess.Popen[str]:
    """Another driver with the very arguments and environment of the supervised one."""
    first = shop.spark()
    with said_by_the_second(shop).open("w") as said:
        return subprocess.Popen(
            [*first.cmdline(), *options],
            env=first.environ(),
            stderr=said,
            stdout=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )


def said_by_the_second(shop: Shop) -> Path:
    return shop.folder / "second-driver.log"


def spark_part(shop: Shop) -> dict[str, Any]:
    part: dict[str, Any] = shop.status()["parts"]["spark"]
    return part


def test_a_second_driver_is_refused_with_a_clear_message(shop: Shop) -> None:
    other = second_driver(shop)
    assert other.wait(timeout=300) == EXIT_STOPPED
    said = said_by_the_second(shop).read_text()
    assert "stopped: application 'ingest' is driven by" in said
    assert "--take-over" in said


def test_one_that_takes_over_goes_on_and_the_first_leaves(shop: Shop) -> None:
    first = shop.spark()
    seen = len(shop.spark_log())
    other = second_driver(shop, "--take-over")
    try:
        eventually(lambda: not first.is_running(), "the first driver has left", 300)
        eventually(
            lambda: spark_part(shop)["state"] != "ready",
            "the supervisor has seen it",
            every=BY_COMMAND,
        )
        assert "superseded" in shop.spark_log()[seen:]
        part = spark_part(shop)
        assert part["state"] == "ended"
        assert part["restarts"] == 0, "a superseded driver is not started again"
        shop.replay("--start", "3001", "--limit", "3000")
        shop.verified("--source", str(SLICE))
    finally:
        other.terminate()
        code = other.wait(timeout=300)
    assert code == 0, said_by_the_second(shop).read_text()[-3000:]
    shop.up()
    assert spark_part(shop)["state"] == "ready"


def test_partitions_added_while_running_are_read(shop: Shop) -> None:
    admin = KafkaAdminClient(bootstrap_servers=shop.status()["bootstrap_servers"])
    admin.create_partitions({ORDERS.name: NewPartitions(total_count=5)})
    eventually(
        lambda: len(admin.describe_topics([ORDERS.name])[0]["partitions"]) == 5, "five partitions"
    )
    admin.close()
    shop.replay("--start", "6001", "--limit", "3000")
    shop.verified("--source", str(SLICE))
    grown = shop.query("SELECT count(*) FROM progress WHERE application = 'orders'")
    assert grown == [(5,)]


def test_a_topic_created_again_stops_the_applications_and_says_why(shop: Shop) -> None:
    assert shop.run("topics", "delete", ORDERS.name, "--yes").returncode == 0
    assert shop.run("topics", "create", ORDERS.name).returncode == 0
    eventually(
        lambda: all(state == "stopped" for _, state, _ in shop.query(STATES)),
        "both applications have stopped",
        300,
    )
    reason = "created again"
    for _, _, detail in shop.query(STATES):
        assert reason in detail or "does not exist" in detail
    eventually(
        lambda: spark_part(shop)["state"] == "stopped",
        "the driver is not started again",
        every=BY_COMMAND,
    )
    assert reason in spark_part(shop)["reason"] or "does not exist" in spark_part(shop)["reason"]
    # What was applied before is still proved.
    report = json.loads(shop.run("verify", "--source", str(SLICE), "--json").stdout)
    assert report["lost"] == report["duplicated"] == 0
    assert report["source"]["mismatched_rows"] == 0

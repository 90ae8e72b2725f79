"""Kafka and Postgres killed under a stream of orders: both come back, and nothing is lost."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator

import psycopg
import pytest

from local.home import Home, postgres_url, read_profile
from tests.shop import SLICE, Shop, eventually, open_shop

pytestmark = [pytest.mark.e2e, pytest.mark.faults]

# 30,000 recorded seconds in one: 4,000 rows take some ten seconds.
SPEED = "30000"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("shop")) as shop:
        shop.answer("up")
        yield shop


def applied(shop: Shop) -> int:
    return int(shop.query("SELECT count(*) FROM orders")[0][0])


def all_is_ready(shop: Shop) -> None:
    eventually(lambda: shop.status()["ready"] is True, "every part is ready again", 300)


def test_the_only_broker_dies_in_the_middle_of_a_replay(shop: Shop) -> None:
    options = ("--limit", "4000", "--speed", SPEED, "--json")
    replay = shop.start("replay", "online-retail", str(SLICE), *options)
    eventually(lambda: applied(shop) > 0, "the first orders are applied")
    assert replay.poll() is None, "the replay goes on while the broker dies"
    dead = shop.kill("kafka-1")
    out, err = replay.communicate(timeout=400)
    assert replay.returncode == 0, err
    summary = json.loads(out)
    assert summary["failed"] == 0
    assert summary["acknowledged"] == summary["attempted"] > 0
    all_is_ready(shop)
    assert shop.process("kafka-1") != dead
    report = shop.verified("--source", str(SLICE))
    assert report["acknowledged"] == report["silver"]


def test_a_replay_without_a_broker_says_so_in_one_line(shop: Shop) -> None:
    supervisor = shop.status()["supervisor_pid"]
    # A supervisor that is halted starts nothing again.
    os.kill(supervisor, signal.SIGSTOP)
    try:
        shop.kill("kafka-1")
        said = shop.refused("replay", "online-retail", str(SLICE), code=3)
    finally:
        os.kill(supervisor, signal.SIGCONT)
    assert "error: no Kafka broker answers at 127.0.0.1:" in said
    assert "next: shopstream status" in said
    all_is_ready(shop)


def test_postgres_dies_in_the_middle_of_a_batch(shop: Shop) -> None:
    profile = read_profile(Home(shop.home))
    assert profile is not None
    before = applied(shop)
    with psycopg.connect(postgres_url(Home(shop.home), profile)) as holder:
        # A batch that wants to merge its answers waits in its open transaction.
        holder.execute("LOCK TABLE order_metrics")
        shop.replay("--start", "4001", "--limit", "4000")
        eventually(lambda: waiting_for_a_lock(shop) > 0, "a batch is open and waits")
        dead = shop.kill("postgres")
        holder.close()
    all_is_ready(shop)
    assert shop.process("postgres") != dead
    shop.verified("--source", str(SLICE))
    assert applied(shop) > before


def waiting_for_a_lock(shop: Shop) -> int:
    waiting = "SELECT count(*) FROM pg_locks WHERE relation = 'order_metrics'::regclass"
    return int(shop.query(f"{waiting} AND NOT granted")[0][0])

"""Kafka and Postgres start by the command alone, on a machine without Java."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from kafka.admin import KafkaAdminClient

from contracts.topics import TOPICS
from local.artefacts.code_zip import build
from tests.shop import Shop, open_shop

pytestmark = pytest.mark.e2e


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with open_shop(tmp_path) as shop:
        yield shop


def test_up_answers_down_keeps_and_purge_removes(shop: Shop, tmp_path: Path) -> None:
    stack = shop.answer("up", "--without-spark")
    assert set(stack["parts"].values()) == {"ready", "done"}

    admin = KafkaAdminClient(bootstrap_servers=stack["bootstrap_servers"])
    described = {topic["name"]: topic for topic in admin.describe_topics()}
    admin.close()
    for topic in TOPICS:
        assert len(described[topic.name]["partitions"]) == topic.laptop_partitions

    with psycopg.connect(stack["postgres"]) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        collation = "SELECT datcollate FROM pg_database WHERE datname = current_database()"
        assert connection.execute(collation).fetchone() == ("C",)
    wrong = stack["postgres"].partition("?")[0]
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(wrong, password="guessed")

    status = shop.answer("status")
    assert status["ready"] is True
    assert status["code_sha256"] == build(tmp_path).sha256
    again = shop.answer("up", "--without-spark")
    assert again == stack

    down = shop.answer("down")
    assert (down["was_running"], down["purged"]) == (True, False)
    assert shop.left() == []
    assert shop.run("status").returncode == 3

    taken = int(stack["bootstrap_servers"].rpartition(":")[2])
    with socket.create_server(("127.0.0.1", taken)):
        done = shop.run("up", "--without-spark")
    assert done.returncode == 0, done.stderr
    assert f"port {taken} (kafka-1) is taken by another program; using" in done.stderr
    with psycopg.connect(shop.answer("up", "--without-spark")["postgres"]) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)

    shop.run("down", "--purge")
    assert not shop.home.exists()


def test_a_killed_broker_and_a_killed_server_come_back(shop: Shop) -> None:
    shop.answer("up", "--without-spark")
    for name in ("kafka-1", "postgres"):
        shop.process(name).kill()
    done = shop.run("up", "--without-spark")
    assert done.returncode == 0, done.stderr
    after = shop.answer("up", "--without-spark")
    assert after["parts"]["kafka-1"] == after["parts"]["postgres"] == "ready"


def test_a_registry_out_of_reach_at_the_first_start_is_one_clear_message(tmp_path: Path) -> None:
    unshare = shutil.which("unshare")
    cut = (unshare, "--net") if os.geteuid() == 0 else (unshare, "--map-root-user", "--net")
    if unshare is None or subprocess.run([*cut, "true"], check=False).returncode:
        pytest.skip("this machine cannot cut a process off the network")
    shop = Shop(tmp_path, cache=tmp_path / "cache")
    said = shop.refused("up", "--without-spark", code=4, before=cut)  # type: ignore[arg-type] - there is an unshare: it was skipped else
    assert "the jars could not be downloaded" in said
    assert "next: check the network" in said
    assert shop.left() == []

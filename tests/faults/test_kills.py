"""Killed under a stream of orders: the applications at each of the five named moments, the broker,
Postgres. All come back, nothing is lost or doubled. The applications outlive the other parts."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import psutil
import pytest

from contracts.topics import ORDERS
from emr_jobs.kernel.crash_points import CRASH_POINTS, CrashPoint
from local.home import Home
from local.supervisor.published import running
from tests.shop import BY_COMMAND, SLICE, Shop, eventually, open_shop

pytestmark = [pytest.mark.e2e, pytest.mark.faults]

# Where the kill comes after what the point names, Spark shows the applied batch again.
_SEEN_AGAIN: dict[CrashPoint, str] = {
    "bronze-committed": "already covers the batch",
    "lake-committed": "already covers the batch",
    "progress-committed": "is covered",
}
ROWS = 3_000
# Rows after those of the five moments.
FOR_THE_BROKER, FOR_POSTGRES = 15_001, 19_001
# 15,000 recorded seconds in one: the two days of 4,000 rows take 13 s.
SPEED = "15000"
COMMITS = "SELECT count(*) FROM journal"


@pytest.fixture(scope="module")
def order(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that orders a crash."""
    return tmp_path_factory.mktemp("orders") / "crash"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, order: Path) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("shop")) as shop:
        shop.up("--crash-order", str(order))
        yield shop


@pytest.mark.parametrize("point", CRASH_POINTS)
def test_the_process_group_is_killed_and_nothing_is_lost_or_doubled(
    shop: Shop, order: Path, point: CrashPoint, record_property: Callable[[str, object], None]
) -> None:
    before, restarts = shop.spark(), shop.status()["parts"]["spark"]["restarts"]
    seen = len(shop.spark_log())
    order.write_text(point)
    start = 1 + CRASH_POINTS.index(point) * ROWS
    shop.replay("--start", str(start), "--limit", str(ROWS))
    eventually(lambda: not order.exists(), f"the applications die at {point}")
    committed = shop.query(COMMITS)
    # bench/ measures the time to the next commit; here it only has to come.
    seconds = eventually(lambda: shop.query(COMMITS) > committed, "the next commit", 300)
    record_property("seconds to the next commit", round(seconds, 1))
    assert not before.is_running()
    shop.verified("--source", str(SLICE))
    assert shop.status()["parts"]["spark"]["restarts"] == restarts + 1
    assert _SEEN_AGAIN.get(point, "") in shop.spark_log()[seen:]


def applied(shop: Shop) -> int:
    return int(shop.query("SELECT count(*) FROM orders")[0][0])


def await_return(shop: Shop, part: str, dead: psutil.Process) -> None:
    """Another process leads the part, and the whole stack is ready."""

    def returned() -> bool:
        status = shop.status()
        return bool(status["ready"]) and status["parts"][part]["pid"] != dead.pid

    eventually(returned, f"{part} is back and every part is ready", 300, BY_COMMAND)


def test_the_only_broker_dies_in_the_middle_of_a_replay(shop: Shop) -> None:
    options = ("--start", str(FOR_THE_BROKER), "--limit", "4000", "--speed", SPEED, "--json")
    before = sum(shop.ends(ORDERS.name).values())
    replay = shop.start("replay", "online-retail", str(SLICE), *options)
    eventually(
        lambda: sum(shop.ends(ORDERS.name).values()) > before + 20, "orders are in the topic"
    )
    assert replay.poll() is None, "the replay goes on while the broker dies"
    applications = shop.spark()
    dead = shop.kill("kafka-1")
    out, err = replay.communicate(timeout=400)
    assert replay.returncode == 0, err
    summary = json.loads(out)
    assert summary["failed"] == 0
    assert summary["acknowledged"] == summary["attempted"] > 0
    await_return(shop, "kafka-1", dead)
    report = shop.verified("--source", str(SLICE))
    assert report["acknowledged"] == report["silver"]
    assert applications.is_running(), "they wait for the broker"


def test_a_replay_without_a_broker_says_so_in_one_line(shop: Shop) -> None:
    supervisor = shop.status()["supervisor_pid"]
    # A supervisor that is halted starts nothing again.
    os.kill(supervisor, signal.SIGSTOP)
    try:
        dead = shop.kill("kafka-1")
        said = shop.refused("replay", "online-retail", str(SLICE), code=3)
    finally:
        os.kill(supervisor, signal.SIGCONT)
    assert "error: no Kafka broker answers at 127.0.0.1:" in said
    assert "next: shopstream status" in said
    await_return(shop, "kafka-1", dead)


def test_postgres_dies_in_the_middle_of_a_batch(shop: Shop) -> None:
    before = applied(shop)
    with closing(shop.connect()) as holder:
        # A batch that wants to merge its answers waits in its open transaction.
        holder.execute("BEGIN")
        holder.execute("LOCK TABLE order_metrics")
        shop.replay("--start", str(FOR_POSTGRES), "--limit", "4000")
        # The applications may still wait for the broker, which was gone.
        eventually(lambda: waiting_batches(shop) > 0, "a batch is open and waits", 300)
        applications = shop.spark()
        dead = shop.kill("postgres")
    await_return(shop, "postgres", dead)
    shop.verified("--source", str(SLICE))
    assert applied(shop) > before
    assert applications.is_running(), "they wait for Postgres"


def waiting_batches(shop: Shop) -> int:
    """Transactions that have moved the progress and wait for the answers' table."""
    return int(
        shop.query(
            "SELECT count(*) FROM pg_locks wanted JOIN pg_locks held USING (pid) "
            "WHERE wanted.relation = 'order_metrics'::regclass AND NOT wanted.granted "
            "AND held.relation = 'progress'::regclass AND held.mode = 'RowExclusiveLock'"
        )[0][0]
    )


# Longer than an event waits for a broker, and than an application keeps its lease.
ASLEEP_SECONDS = 150


def test_a_machine_that_sleeps_loses_nothing_and_no_process(shop: Shop) -> None:
    parts = {name: part["pid"] for name, part in shop.status()["parts"].items()}
    committed = shop.query(COMMITS)
    sending = shop.start("simulate", "--rate", "100", "--duration", "30")
    eventually(lambda: shop.query(COMMITS) > committed, "a commit of what is sent")
    snapshot = running(Home(shop.home))
    assert snapshot is not None
    leaders = [psutil.Process(pid) for pid in (snapshot.supervisor_pid, sending.pid)]
    asleep = [each for one in leaders for each in (one, *one.children(recursive=True))]
    # A process that serves one connection of Postgres may end meanwhile.
    try:
        for each in asleep:
            with suppress(psutil.NoSuchProcess):
                each.suspend()
        # Nothing can be waited for: that the time passes is what is tried.
        time.sleep(ASLEEP_SECONDS)
    finally:
        for each in reversed(asleep):
            with suppress(psutil.NoSuchProcess):
                each.resume()
    _, said = sending.communicate(timeout=300)
    assert sending.returncode == 0, said
    shop.verified()
    assert {name: part["pid"] for name, part in shop.status()["parts"].items()} == parts
    # Without its executor Spark goes on in most cases, but a batch that runs would fail.
    assert "Removing executor" not in shop.spark_log()

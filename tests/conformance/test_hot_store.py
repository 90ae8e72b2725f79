"""The writer against real nodes of Valkey 9 and Redis 7: every key on its shard, also while slots
move and nodes fail."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from contracts.hot_keys import slot_of
from emr_jobs.stores.valkey_cluster import Unavailable, ValkeyCluster, unit
from emr_jobs.stores.valkey_link import Door
from ops.settings import CommandSettings
from tests.valkey import VALKEY, Cluster, Server, cluster, redis_of_debian


@pytest.fixture(scope="module", params=["valkey 9", "redis 7"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def server(kind: str) -> Server:
    if kind == "valkey 9":
        return VALKEY
    return redis_of_debian(CommandSettings.from_environment().cache)


@pytest.fixture(scope="module")
def three_shards(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    yield from cluster(tmp_path_factory.mktemp("shards"), server=server)


def writer(
    of: Cluster, password: str | None = None, sleep: Callable[[float], None] = lambda _seconds: None
) -> ValkeyCluster:
    secret = of.profile.password if password is None else password
    door = Door(lambda: ("default", secret))
    return ValkeyCluster(of.seeds[:1], door.open, sleep=sleep)


@pytest.fixture
def written(three_shards: Cluster) -> Iterator[ValkeyCluster]:
    made = writer(three_shards)
    yield made
    made.close()


def test_the_nodes_are_of_the_kind_and_version_meant(three_shards: Cluster, kind: str) -> None:
    for node in three_shards.clients.values():
        told = node.info("server")
        version = told.get("valkey_version") or told["redis_version"]
        assert f"{told.get('server_name', 'redis')} {version}".startswith(f"{kind}.")


def test_keys_of_every_shard_are_written_and_found(
    three_shards: Cluster, written: ValkeyCluster
) -> None:
    count = 12_000
    assert written.write(unit(f"k:{n}", ("SET", f"k:{n}", n)) for n in range(count)) == count
    held = [client.dbsize() for client in three_shards.clients.values()]
    assert sum(held) == count
    assert min(held) > count / 4, "each shard has its share"
    reader = three_shards.whole()
    assert [reader.get(f"k:{n}") for n in (0, 5_000, count - 1)] == ["0", "5000", str(count - 1)]


def test_commands_about_one_key_are_applied_together(
    three_shards: Cluster, written: ValkeyCluster
) -> None:
    for views in ((1, "a", 2, "b"), (3, "c")):
        written.write([unit("{u}:viewed", ("DEL", "{u}:viewed"), ("ZADD", "{u}:viewed", *views))])
    assert three_shards.whole().zrange("{u}:viewed", 0, -1) == ["c"]


@pytest.mark.parametrize(
    "key", ["plain", "user:{42}:viewed", "a{}b", "a{b", "trending:{Gifts & Bags}:x", "{é}"]
)
def test_slots_are_those_of_the_server(three_shards: Cluster, key: str) -> None:
    node = next(iter(three_shards.clients.values()))
    assert slot_of(key.encode()) == node.execute_command("CLUSTER KEYSLOT", key)


def move(of: Cluster, slot: int, *, finish: bool) -> Any:
    """Hand a slot from the shard that has it to another, or leave it half-way; returns a client of
    the other."""
    owners: dict[str, Any] = {}
    for node in of.clients.values():
        node.flushall()  # a slot with keys does not move like this
    for name in of.profile.valkey_primaries:
        (mine,) = (
            each
            for each in of.clients[name].execute_command("CLUSTER NODES").values()
            if "myself" in each["flags"]
        )
        owns = any(int(each[0]) <= slot <= int(each[-1]) for each in mine["slots"])
        owners["from" if owns else "to"] = (of.clients[name], mine["node_id"])
    (source, source_id), (target, target_id) = owners["from"], owners["to"]
    target.execute_command("CLUSTER SETSLOT", slot, "IMPORTING", source_id)
    source.execute_command("CLUSTER SETSLOT", slot, "MIGRATING", target_id)
    if finish:
        for node in of.clients.values():
            node.execute_command("CLUSTER SETSLOT", slot, "NODE", target_id)
    return target


@contextmanager
def full(node: Any) -> Iterator[Callable[[], None]]:
    """A node that takes no more data until the block ends or what is yielded is called."""
    before = node.config_get("maxmemory")["maxmemory"]

    def free() -> None:
        node.config_set("maxmemory", before)

    node.config_set("maxmemory", 1)
    try:
        yield free
    finally:
        free()


@pytest.mark.parametrize(
    ("key", "finish"),
    [pytest.param("moved", True, id="moved"), pytest.param("moving", False, id="half-way")],
)
@pytest.mark.parametrize("together", [False, True], ids=["one command", "a transaction"])
def test_a_slot_that_moves_is_followed(
    three_shards: Cluster, written: ValkeyCluster, key: str, finish: bool, together: bool
) -> None:
    key = f"{key}-{together}"
    written.write([unit("warm", ("SET", "warm", 1))])
    move(three_shards, slot_of(key.encode()), finish=finish)
    more = [("EXPIRE", key, 100)] if together else []
    assert written.write([unit(key, ("SET", key, "v"), *more)]) == 1
    assert sum(node.dbsize() for node in three_shards.clients.values()) == 1
    if finish:
        assert three_shards.whole().get(key) == "v"


@pytest.mark.parametrize("together", [False, True], ids=["one command", "a transaction"])
def test_a_moving_slot_is_not_lost_among_the_units_of_the_node_it_goes_to(
    three_shards: Cluster, together: bool
) -> None:
    key = f"joins-{together}"
    target = move(three_shards, slot_of(key.encode()), finish=False)
    more = [("EXPIRE", key, 100)] if together else []
    asked = unit(key, ("SET", key, "v"), *more)
    # A full node still deletes: the only refusal is that of the key that moves.
    own = [unit(f"k:{n}", ("DEL", f"k:{n}")) for n in range(300)]
    waits: list[float] = []
    with full(target) as free:

        def wait(seconds: float) -> None:
            waits.append(seconds)
            free()

        one = writer(three_shards, sleep=wait)
        assert one.write([asked, *own]) == 301
        one.close()
    assert len(waits) == 1, "it was refused once"
    assert target.dbsize() == 1, "the key is where its slot goes"


def test_a_full_shard_is_tried_again_and_said(
    three_shards: Cluster, written: ValkeyCluster
) -> None:
    units = [unit(f"k:{n}", ("SET", f"k:{n}", n)) for n in range(300)]
    with (
        full(three_shards.clients["valkey-1"]),
        pytest.raises(Unavailable, match="keys could not be written: OOM"),
    ):
        written.write(units)
    assert written.write(units) == 300


@pytest.mark.parametrize(
    ("commands", "error"),
    [
        pytest.param([("NOSUCH", "x")], "ERR", id="unknown"),
        pytest.param([("SET", "x", 1), ("LPUSH", "x", 1)], "WRONGTYPE", id="in a transaction"),
    ],
)
def test_a_command_that_is_wrong_is_no_reason_to_wait(
    written: ValkeyCluster, commands: list[tuple[str | int, ...]], error: str
) -> None:
    with pytest.raises(ValueError, match=f"refuses a command: {error}"):
        written.write([unit("x", *commands)])
    assert written.write([unit("x", ("SET", "x", 1))]) == 1


def test_without_the_password_nothing_is_written(three_shards: Cluster) -> None:
    with pytest.raises(Unavailable, match="no node serves their slots"):
        writer(three_shards, "wrong").write([unit("x", ("SET", "x", 1))])


def test_a_lost_shard_is_said_and_the_others_are_written(tmp_path: Path, server: Server) -> None:
    for made in cluster(tmp_path, server=server):
        one = writer(made)
        units = [unit(f"k:{n}", ("SET", f"k:{n}", n)) for n in range(300)]
        assert one.write(units) == 300
        made.processes["valkey-2"].send_signal(signal.SIGKILL)
        made.processes["valkey-2"].wait()
        with pytest.raises(Unavailable, match="keys could not be written"):
            one.write(units)
        made.start("valkey-2")
        made.await_answers()
        patient = writer(made, sleep=time.sleep)
        assert patient.write(units) == 300
        for each in (one, patient):
            each.close()

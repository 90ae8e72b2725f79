"""Which slots move when a shard comes or goes; a move that was cut short is ended."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from contracts.hot_keys import SLOTS, slot_of
from local.valkey.cluster import even_ranges, forget, form, own_entries, owned_slots
from local.valkey.reshard import Move, moves, open_moves, reshard
from tests.valkey import cluster


def owned(shards: int) -> dict[str, list[int]]:
    return {
        f"valkey-{number}": list(range(first, last + 1))
        for number, (first, last) in enumerate(even_ranges(shards), start=1)
    }


@pytest.mark.parametrize("shards", [3, 4, 7, 90])
def test_even_ranges_cover_every_slot_once(shards: int) -> None:
    sizes = [len(slots) for slots in owned(shards).values()]
    assert sum(sizes) == SLOTS
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(3, 4, id="one more"),
        pytest.param(4, 3, id="one less"),
        pytest.param(3, 3, id="as before"),
        pytest.param(3, 6, id="twice as many"),
    ],
)
def test_no_more_moves_than_must(before: int, after: int) -> None:
    held, shards = owned(before), [f"valkey-{n}" for n in range(1, after + 1)]
    found = moves(held, shards)
    counts = Counter({name: len(slots) for name, slots in held.items()})
    for move in found:
        assert move.slot in held[move.source]
        counts[move.source] -= 1
        counts[move.target] += 1
    kept = {name: counts[name] for name in shards}
    assert sum(kept.values()) == SLOTS
    assert max(kept.values()) - min(kept.values()) <= 1
    assert len({move.slot for move in found}) == len(found)
    assert len(found) / SLOTS <= abs(after - before) / max(after, before) + 0.001


def entry(name: str, slots: list[str], migrations: list[tuple[int, str, str]]) -> dict[str, object]:
    return {
        "node_id": f"id-{name}",
        "flags": "myself,master",
        "master_id": "-",
        "slots": [each.split("-") for each in slots],
        "migrations": [
            {"slot": str(slot), "state": state, "node_id": f"id-{other}"}
            for slot, state, other in migrations
        ],
    }


TO, FROM = "migrating", "importing"


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        pytest.param((["0-9"], []), (["10-19"], []), [], id="none begun"),
        pytest.param(
            (["0-9"], [(3, TO, "b")]),
            (["10-19"], [(3, FROM, "a")]),
            [Move(3, "a", "b")],
            id="both sides know",
        ),
        pytest.param(
            (["0-9"], []), (["10-19"], [(3, FROM, "a")]), [Move(3, "a", "b")], id="the target knows"
        ),
        pytest.param(
            (["0-2", "4-9"], [(3, TO, "b")]),
            (["3", "10-19"], []),
            [Move(3, "b", "b")],
            id="the target has it, the source has not heard",
        ),
    ],
)
def test_what_was_begun_is_found(
    a: tuple[list[str], list[tuple[int, str, str]]],
    b: tuple[list[str], list[tuple[int, str, str]]],
    expected: list[Move],
) -> None:
    assert open_moves({"a": entry("a", *a), "b": entry("b", *b)}) == expected


def test_a_shard_that_failed_over_is_moved_to_where_it_is_led() -> None:
    copied = entry("b", [], []) | {"flags": "myself,slave", "master_id": "id-b-replica"}
    led = entry("b-replica", ["10-19"], [])
    found = {"a": entry("a", ["0-9"], [(3, TO, "b")]), "b": copied, "b-replica": led}
    assert open_moves(found) == [Move(3, "a", "b-replica")]


def test_a_slot_left_half_way_is_ended_where_it_was_going(tmp_path: Path) -> None:
    for made in cluster(tmp_path):
        nodes, profile = made.clients, made.profile
        ids = {name: entry["node_id"] for name, entry in own_entries(nodes).items()}
        keys = [f"{{half}}:{n}" for n in range(40)]
        whole = made.whole()
        for key in keys:
            whole.set(key, key)
        slot = slot_of(b"{half}")
        source = next(name for name, s in owned_slots(own_entries(nodes)).items() if slot in s)
        target = next(name for name in nodes if name != source)
        nodes[target].execute_command("CLUSTER SETSLOT", slot, "IMPORTING", ids[source])
        nodes[source].execute_command("CLUSTER SETSLOT", slot, "MIGRATING", ids[target])
        nodes[source].execute_command(
            *("MIGRATE", "127.0.0.1", profile.ports[target], "", 0, 10_000),
            *("AUTH", profile.password, "KEYS", *keys[:15]),
        )
        said: list[str] = []
        moved = reshard(nodes, list(profile.valkey_primaries), profile, said.append)
        # The slot goes to its target, then one slot goes back: the shares are equal.
        assert moved.slots == 2
        after = own_entries(nodes)
        assert open_moves(after) == []
        assert [len(s) for s in owned_slots(after).values()] == [5461, 5461, 5462]
        assert [made.whole().get(key) for key in keys] == keys
        assert sum(node.dbsize() for node in nodes.values()) == len(keys)


def test_a_cluster_given_only_its_first_range_is_completed(tmp_path: Path) -> None:
    for made in cluster(tmp_path):
        nodes = made.clients
        for name, (first, last) in zip(nodes, even_ranges(3), strict=True):
            for node in nodes.values() if name != "valkey-1" else ():
                node.execute_command("CLUSTER DELSLOTSRANGE", first, last)
        assert form(made.profile, nodes) == SLOTS - 5461
        assert [len(s) for s in owned_slots(own_entries(nodes)).values()] == [5461, 5461, 5462]
        assert form(made.profile, nodes) == 0


def test_a_shard_without_slots_copies_no_other_and_may_leave_and_come_again(tmp_path: Path) -> None:
    for made in cluster(tmp_path):
        nodes = made.clients
        entries = own_entries(nodes)
        *most, last = owned_slots(entries)["valkey-3"]
        for node in nodes.values():
            node.execute_command("CLUSTER DELSLOTS", *most)
        nodes["valkey-1"].execute_command("CLUSTER ADDSLOTS", *most)
        for name in ("valkey-1", "valkey-3", "valkey-2"):
            to = entries["valkey-1"]["node_id"]
            nodes[name].execute_command("CLUSTER SETSLOT", last, "NODE", to)
        assert own_entries(nodes)["valkey-3"]["flags"] == "myself,master"
        for _again in range(2):
            forget(nodes, {"valkey-3"})
        assert [len(node.execute_command("CLUSTER NODES")) for node in nodes.values()] == [2, 2, 1]
        assert form(made.profile, nodes) == 0
        assert [len(node.execute_command("CLUSTER NODES")) for node in nodes.values()] == [3, 3, 3]

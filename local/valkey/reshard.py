"""Move slots between shards while they are read and written, so that each has its share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from contracts.hot_keys import SLOTS
from local.valkey.cluster import leader, own_entries, owned_slots

KEYS_AT_ONCE = 100
MOVE_MS = 10_000


@dataclass(frozen=True)
class Move:
    """One slot on its way."""

    slot: int
    source: str
    target: str


@dataclass(frozen=True)
class Moved:
    """What a resharding moved; `held` is how many keys there are."""

    slots: int
    keys: int
    held: int

    @property
    def share(self) -> float:
        """Of all keys, those that moved."""
        return self.keys / self.held if self.held else self.slots / SLOTS


def moves(owned: Mapping[str, list[int]], shards: list[str]) -> list[Move]:
    """The fewest moves after which `shards`, and no others, have equal shares of the slots."""
    aims = {
        shard: SLOTS * (n + 1) // len(shards) - SLOTS * n // len(shards)
        for n, shard in enumerate(shards)
    }
    surplus = [
        (slot, shard)
        for shard, slots in sorted(owned.items())
        for slot in sorted(slots)[aims.get(shard, 0) :]
    ]
    wanting = [
        shard for shard in shards for _ in range(max(0, aims[shard] - len(owned.get(shard, []))))
    ]
    return [
        Move(slot, source, target) for (slot, source), target in zip(surplus, wanting, strict=True)
    ]


def open_moves(entries: Mapping[str, Any]) -> list[Move]:
    """The moves that were begun and not ended, towards the targets that the nodes have on record;
    `source` owns the slot today. Where that is the target, only the others have yet to hear it."""
    names = {entry["node_id"]: name for name, entry in entries.items()}
    owners = {slot: name for name, slots in owned_slots(entries).items() for slot in slots}
    found = {
        (
            int(each["slot"]),
            leader(entries, names[each["node_id"]] if each["state"] == "migrating" else name),
        )
        for name, entry in entries.items()
        for each in entry["migrations"]
    }
    return [Move(slot, owners[slot], target) for slot, target in sorted(found)]


def reshard(
    nodes: Mapping[str, Any],
    shards: list[str],
    places: Mapping[str, tuple[str, int, str]],
    say: Callable[[str], None],
) -> Moved:
    """Give `shards`, named by the nodes they began with, equal shares; `places` are (host, port,
    password) of the nodes by name. Each slot is served at all times: by the source until it is
    empty, then by the target. Cut short, it is safe to repeat."""
    before = own_entries(nodes)
    ids = {name: entry["node_id"] for name, entry in before.items()}
    # A slot half-way has keys on both sides: sent elsewhere, it would leave some behind.
    begun = open_moves(before)
    keys = sum(_move(nodes, move, ids, places[move.target]) for move in begun)
    now = own_entries(nodes)
    wanted = moves(owned_slots(now), [leader(now, shard) for shard in shards])
    for number, move in enumerate(wanted, start=1):
        keys += _move(nodes, move, ids, places[move.target])
        if number % 500 == 0 or number == len(wanted):
            say(f"{number} of {len(wanted)} slots moved, {keys} keys")
    # Afterwards: what came meanwhile was moved with the rest.
    after = owned_slots(own_entries(nodes))
    held = sum(nodes[name].dbsize() for name, slots in after.items() if slots)
    return Moved(len(begun) + len(wanted), keys, held)


def _move(
    nodes: Mapping[str, Any],
    move: Move,
    ids: Mapping[str, str],
    target_place: tuple[str, int, str],
) -> int:
    source, target = nodes[move.source], nodes[move.target]
    moved = 0
    if source is not target:
        target.execute_command("CLUSTER SETSLOT", move.slot, "IMPORTING", ids[move.source])
        source.execute_command("CLUSTER SETSLOT", move.slot, "MIGRATING", ids[move.target])
        moved = _move_keys(source, move.slot, target_place)
    # The target first: it must know before the source says so.
    order = [target, source, *(n for n in nodes.values() if n not in (source, target))]
    for node in order:
        if node.role()[0] == "master":
            node.execute_command("CLUSTER SETSLOT", move.slot, "NODE", ids[move.target])
    return moved


def _move_keys(source: Any, slot: int, target_place: tuple[str, int, str]) -> int:
    host, port, password = target_place
    moved = 0
    while keys := source.execute_command("CLUSTER GETKEYSINSLOT", slot, KEYS_AT_ONCE):
        source.execute_command(
            *("MIGRATE", host, port, "", 0, MOVE_MS, "REPLACE"),
            *("AUTH", password, "KEYS", *keys),
        )
        moved += len(keys)
    return moved

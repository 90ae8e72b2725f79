"""Move slots between shards until each has its share. The slots are read and written meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from contracts.hot_keys import SLOTS
from local.profile import Profile
from local.valkey.cluster import leader, own_entries, owned_slots

KEYS_AT_ONCE = 100
MOVE_MS = 10_000


@dataclass(frozen=True)
class Move:
    """One slot that goes from the node that owns it to another."""

    slot: int
    source: str
    target: str


@dataclass(frozen=True)
class Moved:
    """What a resharding moved. `held` is how many keys the cluster has."""

    slots: int
    keys: int
    held: int

    @property
    def share(self) -> float:
        """The share of the keys that moved; of the slots where there are no keys."""
        return self.keys / self.held if self.held else self.slots / SLOTS


def moves(owned: Mapping[str, list[int]], shards: list[str]) -> list[Move]:
    """The fewest moves after which `shards`, and no other nodes, have equal shares of the slots."""
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
    """The moves that were begun and not ended, with the targets that the nodes have on record.

    The source is the node that owns the slot now. Where that is the target itself, only the other
    nodes have not heard of the move yet.
    """
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
    nodes: Mapping[str, Any], shards: list[str], profile: Profile, say: Callable[[str], None]
) -> Moved:
    """Give equal shares to `shards`, each named after the node that it began with.

    Each slot is served at all times: by the source until it is empty there, then by the target. A
    resharding that was cut short can be repeated.
    """
    before = own_entries(nodes)
    ids = {name: entry["node_id"] for name, entry in before.items()}
    # A slot that is half moved has keys on both sides: sent elsewhere, it would leave some behind.
    begun = open_moves(before)
    keys = sum(_move(nodes, move, ids, profile) for move in begun)
    now = own_entries(nodes)
    wanted = moves(owned_slots(now), [leader(now, shard) for shard in shards])
    for number, move in enumerate(wanted, start=1):
        keys += _move(nodes, move, ids, profile)
        if number % 500 == 0 or number == len(wanted):
            say(f"{number} of {len(wanted)} slots moved, {keys} keys")
    # Counted afterwards, because keys that came meanwhile were moved with the rest.
    after = owned_slots(own_entries(nodes))
    held = sum(nodes[name].dbsize() for name, slots in after.items() if slots)
    return Moved(len(begun) + len(wanted), keys, held)


def _move(nodes: Mapping[str, Any], move: Move, ids: Mapping[str, str], profile: Profile) -> int:
    source, target = nodes[move.source], nodes[move.target]
    moved = 0
    if source is not target:
        target.execute_command("CLUSTER SETSLOT", move.slot, "IMPORTING", ids[move.source])
        source.execute_command("CLUSTER SETSLOT", move.slot, "MIGRATING", ids[move.target])
        moved = _move_keys(source, move, profile)
    # The target first: it must know that it owns the slot before the source sends clients there.
    order = [target, source, *(n for n in nodes.values() if n not in (source, target))]
    for node in order:
        if node.role()[0] == "master":
            node.execute_command("CLUSTER SETSLOT", move.slot, "NODE", ids[move.target])
    return moved


def _move_keys(source: Any, move: Move, profile: Profile) -> int:
    moved = 0
    while keys := source.execute_command("CLUSTER GETKEYSINSLOT", move.slot, KEYS_AT_ONCE):
        source.execute_command(
            *("MIGRATE", "127.0.0.1", profile.ports[move.target], "", 0, MOVE_MS, "REPLACE"),
            *("AUTH", profile.password, "KEYS", *keys),
        )
        moved += len(keys)
    return moved

"""`python -m local.valkey.cluster --home DIR`: make one cluster of Valkey's nodes.

Safe to repeat: nodes that know one another keep their slots, even when their ports have changed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Collection, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import valkey

from contracts.hot_keys import SLOTS
from local.home import Home
from local.profile import Profile, bus_port, require_profile

WAIT_SECONDS = 60.0
_LOOK_SECONDS = 0.1

Nodes = Mapping[str, Any]


def even_ranges(shards: int) -> list[tuple[int, int]]:
    """The first and last slot of each shard. No two shards differ by more than one slot."""
    edges = [number * SLOTS // shards for number in range(shards + 1)]
    return [(first, end - 1) for first, end in pairwise(edges)]


def connect(profile: Profile) -> dict[str, Any]:
    """A client of each node, by the node's name."""
    return {
        node: valkey.Valkey(
            host="127.0.0.1",
            port=profile.ports[node],
            password=profile.password,
            socket_timeout=5,
            decode_responses=True,
        )
        for node in profile.valkey_nodes
    }


def form(profile: Profile, nodes: Nodes) -> int:
    """Introduce the nodes to one another, assign the slots that nobody owns, and make the replicas
    copy their primaries; return how many slots were assigned."""
    for node in nodes.values():
        for other in profile.valkey_nodes:
            port, bus = profile.ports[other], profile.ports[bus_port(other)]
            node.execute_command("CLUSTER MEET", "127.0.0.1", port, bus)
    _await(lambda: all(len(_ids(node)) >= len(nodes) for node in nodes.values()), "nodes to meet")
    owned = owned_slots(own_entries(nodes))
    # Each node tells its own slots: one that has just met the others has not heard of theirs.
    taken = {slot for slots in owned.values() for slot in slots}
    ranges = even_ranges(profile.shards)
    for name, (first, last) in zip(profile.valkey_primaries, ranges, strict=True):
        if missing := [slot for slot in range(first, last + 1) if slot not in taken]:
            nodes[name].execute_command("CLUSTER ADDSLOTS", *missing)
    for copy, primary in profile.valkey_replicas.items():
        if nodes[copy].role()[0] == "master" and not owned[copy]:
            _replicate(nodes[copy], nodes[primary].execute_command("CLUSTER MYID"))
    _await(lambda: all(_whole(node) for node in nodes.values()), "every slot to be served")
    return SLOTS - len(taken)


def forget(nodes: Nodes, gone: Collection[str]) -> None:
    """Make the cluster and the nodes `gone`, which own no slots, forget one another. Safe to
    repeat."""
    ids = [nodes[name].execute_command("CLUSTER MYID") for name in gone]
    for name in nodes.keys() - set(gone):
        for each in ids:
            try:
                nodes[name].execute_command("CLUSTER FORGET", each)
            except valkey.ResponseError as problem:
                if "Unknown node" not in str(problem):
                    raise
    for name in gone:
        nodes[name].execute_command("CLUSTER RESET", "HARD")


def own_entries(nodes: Nodes) -> dict[str, Any]:
    """The entry about itself in each node's CLUSTER NODES, by the node's name."""
    return {
        name: next(
            each
            for each in node.execute_command("CLUSTER NODES").values()
            if "myself" in each["flags"]
        )
        for name, node in nodes.items()
    }


def owned_slots(entries: Mapping[str, Any]) -> dict[str, list[int]]:
    """The slots of each node, by its name. Replicas own none."""
    return {
        name: [
            slot
            for each in entry["slots"]
            for slot in range(int(each[0]), int(each[-1]) + 1)
            if "master" in entry["flags"]
        ]
        for name, entry in entries.items()
    }


def leader(entries: Mapping[str, Any], name: str) -> str:
    """The node that leads the shard which began with `name`. After a failover that is its
    replica."""
    if "master" in entries[name]["flags"]:
        return name
    return next(
        other for other, entry in entries.items() if entry["node_id"] == entries[name]["master_id"]
    )


def _replicate(copy: Any, primary_id: str) -> None:
    # A replica refuses to copy a node that it has not heard of yet.
    _await(lambda: primary_id in _ids(copy), "a replica to know its shard")
    copy.execute_command("CLUSTER REPLICATE", primary_id)


def _info(node: Any) -> dict[str, str]:
    found: dict[str, str] = node.execute_command("CLUSTER INFO")
    return found


def _ids(node: Any) -> set[str]:
    """The ids of the nodes that this one knows, itself included."""
    about = node.execute_command("CLUSTER NODES").values()
    return {each["node_id"] for each in about if "handshake" not in each["flags"]}


def _whole(node: Any) -> bool:
    info = _info(node)
    return info["cluster_state"] == "ok" and int(info["cluster_slots_ok"]) == SLOTS


def _await(holds: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + WAIT_SECONDS
    while not holds():
        if time.monotonic() > until:
            raise TimeoutError(f"waited {WAIT_SECONDS:g} s for {what}")
        time.sleep(_LOOK_SECONDS)


def main() -> int:
    """Make the cluster; return 1 after a message when the nodes cannot form it."""
    arguments = argparse.ArgumentParser(prog="local.valkey.cluster")
    arguments.add_argument("--home", type=Path, required=True)
    home = Home(arguments.parse_args().home)
    profile = require_profile(home)
    nodes = connect(profile)
    try:
        assigned = form(profile, nodes)
    except (valkey.ValkeyError, TimeoutError) as problem:
        sys.stderr.write(f"the cluster of Valkey could not be made: {problem}\n")
        return 1
    finally:
        for node in nodes.values():
            node.close()
    sys.stderr.write(f"slots assigned: {assigned or 'none, all were'}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

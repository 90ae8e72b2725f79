"""`shopstream valkey status|rebuild|add-shard|remove-shard`: look after the hot store."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated, Any

import psycopg
import typer

from contracts.errors import NotReady, Usage
from contracts.hot_keys import HOT_STORE_MARK
from local import laptop
from local.ports import claim
from local.profile import MIN_SHARDS, Profile, with_all_ports, write_profile
from local.supervisor.plan import read_plan
from local.valkey import cluster as valkey_cluster
from local.valkey.cluster import forget, leader, own_entries, owned_slots
from local.valkey.reshard import Moved, moves, reshard
from ops import console
from ops.commands.up import follow, refuse_real_credentials
from ops.console import AsJson
from ops.settings import CommandSettings
from ops.stack import Stack, open_stack
from readers.postgres import Pg

COLUMNS = ("node", "role", "slots", "keys", "memory MB", "hits", "share of hits")
REBUILD_SECONDS = 600.0
# No push ever sets such a mark, and each reset sets another one. So a push that began before a
# reset finds its mark gone, even when it began after an earlier reset.
_RESET = (
    "INSERT INTO published (table_name, changed_in, closed_until) "
    f"VALUES ('{HOT_STORE_MARK}', -1, now()) "
    "ON CONFLICT (table_name) DO UPDATE SET changed_in = least(published.changed_in, 0) - 1"
)
_IS_BEHIND = (
    "SELECT coalesce((SELECT max(sequence) FROM journal WHERE application = 'clicks'), 0) > "
    f"coalesce((SELECT changed_in FROM published WHERE table_name = '{HOT_STORE_MARK}'), 0)"
)


valkey = typer.Typer(no_args_is_help=True, help="Look after the shards of Valkey.")


@valkey.command()
def status(as_json: AsJson = False) -> None:
    """Show the slots, keys, memory and hits of each node."""
    stack = open_stack()
    with _nodes(stack.profile) as nodes:
        found = _rows(nodes)
    if as_json:
        console.answer_json([dict(zip(COLUMNS, row, strict=True)) for row in found])
    else:
        console.table(COLUMNS, [[str(cell) for cell in row] for row in found])


@valkey.command()
def rebuild(
    shard: Annotated[
        int | None, typer.Option(help="Only this shard; the first one is 1.", min=1)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Empty the store, or one shard of it, and fill it again from Postgres."""
    stack = open_stack()
    primaries = stack.profile.valkey_primaries
    if shard is not None and shard > len(primaries):
        raise Usage(
            f"there is no shard {shard}; the shards are 1 to {len(primaries)}",
            command="shopstream valkey status",
        )
    began = time.monotonic()
    with _nodes(stack.profile) as nodes, psycopg.connect(stack.postgres_url) as postgres:
        postgres.autocommit = True
        entries = own_entries(nodes)
        for name in primaries if shard is None else primaries[shard - 1 : shard]:
            nodes[leader(entries, name)].flushall()
        postgres.execute(_RESET)
        _await_filled(postgres)
        keys = sum(node.dbsize() for node in nodes.values() if node.role()[0] == "master")
    seconds = round(time.monotonic() - began, 1)
    if as_json:
        console.answer_json({"keys": keys, "seconds": seconds})
    else:
        console.line(f"filled again in {seconds} s: {keys:,} keys")


@valkey.command()
def add_shard(as_json: AsJson = False) -> None:
    """Start one more shard and give it its share of the slots; all of them stay in use.

    When it was cut short, run it again: it goes on with the same shard.
    """
    stack = open_stack()
    # An earlier run that was cut short may not have started the last shard.
    stack = _adopt(stack, stack.profile)
    if not _last_shard_lacks_slots(stack.profile):
        more = replace(stack.profile, shards=stack.profile.shards + 1)
        stack = _adopt(stack, with_all_ports(more, claim))
    _tell(_resharded(stack, list(stack.profile.valkey_primaries)), as_json)


@valkey.command()
def remove_shard(as_json: AsJson = False) -> None:
    """Give the slots of the last shard to the others, then end that shard."""
    stack = open_stack()
    before = stack.profile
    if before.shards == MIN_SHARDS:
        raise Usage(
            f"a cluster needs {MIN_SHARDS} shards to agree that one of them has failed",
            command="shopstream valkey status",
        )
    moved = _resharded(stack, list(before.valkey_primaries[:-1]))
    smaller = replace(before, shards=before.shards - 1)
    gone = set(before.valkey_nodes) - set(smaller.valkey_nodes)
    with _nodes(before) as nodes:
        forget(nodes, gone)
    _adopt(stack, smaller)
    for name in gone:
        shutil.rmtree(stack.home.valkey(name))
    _tell(moved, as_json)


def _last_shard_lacks_slots(profile: Profile) -> bool:
    with _nodes(profile) as nodes:
        entries = own_entries(nodes)
    leaders = [leader(entries, name) for name in profile.valkey_primaries]
    return any(move.target == leaders[-1] for move in moves(owned_slots(entries), leaders))


def _adopt(stack: Stack, profile: Profile) -> Stack:
    """The stack with the nodes of `profile`; the parts that have not changed go on."""
    refuse_real_credentials(CommandSettings.from_environment())
    write_profile(stack.home, profile)
    standing = read_plan(stack.home.plan)
    return follow(stack.home, laptop.with_valkey_of(standing, stack.home, profile))


def _resharded(stack: Stack, shards: list[str]) -> Moved:
    with _nodes(stack.profile) as nodes:
        return reshard(nodes, shards, stack.profile, console.progress)


def _tell(moved: Moved, as_json: bool) -> None:
    if as_json:
        console.answer_json(
            {"slots": moved.slots, "keys": moved.keys, "share": round(moved.share, 4)}
        )
    else:
        console.line(f"moved {moved.slots:,} slots and {moved.keys:,} keys: {moved.share:.1%}")


def _await_filled(postgres: Pg) -> None:
    until = time.monotonic() + REBUILD_SECONDS
    said = time.monotonic()
    while postgres.execute(_IS_BEHIND).fetchone() == (True,):
        if time.monotonic() > until:
            raise NotReady(
                f"not filled after {REBUILD_SECONDS:g} s",
                cause="the application clicks does not run, or a shard refuses what it is sent",
                command="shopstream status",
            )
        if time.monotonic() - said > 5:
            console.progress("waiting until the application clicks has pushed everything")
            said = time.monotonic()
        time.sleep(0.2)


def _rows(nodes: dict[str, Any]) -> list[tuple[object, ...]]:
    slots = owned_slots(own_entries(nodes))
    info = {name: node.info() for name, node in nodes.items()}
    hits = {name: int(about["keyspace_hits"]) for name, about in info.items()}
    every = sum(hits.values())
    return [
        (
            name,
            "primary" if info[name]["role"] == "master" else "replica",
            len(slots[name]),
            node.dbsize(),
            round(int(info[name]["used_memory"]) / 1_048_576, 1),
            hits[name],
            f"{hits[name] / every:.0%}" if every else "",
        )
        for name, node in nodes.items()
    ]


@contextmanager
def _nodes(profile: Profile) -> Iterator[dict[str, Any]]:
    nodes = valkey_cluster.connect(profile)
    try:
        yield nodes
    finally:
        for node in nodes.values():
            node.close()

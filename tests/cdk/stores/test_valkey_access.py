"""What the users of Valkey on AWS may do, asked of a real node."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import valkey

from cdk.stores.valkey import JOBS_ACCESS, READER_ACCESS
from tests.valkey import Cluster, three_shards

__all__ = ["three_shards"]

PASSWORD = "only-here"

READS = {
    "a text": "GET {k}",
    "a hash": "HGETALL {k}",
    "a sorted set": "ZREVRANGE {k} 0 9",
    "how long a key lives": "TTL {k}",
    "the slots of the cluster": "CLUSTER SLOTS",
    "the nodes of the cluster": "CLUSTER NODES",
    "the shards of the cluster": "CLUSTER SHARDS",
    "whether the node answers": "PING",
    "replicas may answer": "READONLY",
}
WRITES = {
    "a text": "SET {k} 1",
    "a hash": "HSET {k} f 1",
    "a sorted set": "ZADD {k} 1 m",
    "the end of a key": "DEL {k}",
    "a life": "EXPIRE {k} 9",
}
NOBODY = {
    "all keys at once": "KEYS *",
    "the settings": "CONFIG GET maxmemory",
    "the users": "ACL LIST",
    "the end of all keys": "FLUSHALL",
    "the end of the server": "SHUTDOWN NOSAVE",
    "a new node": "CLUSTER MEET 127.0.0.1 1",
    "a cluster that forgets": "CLUSTER RESET",
    "what others ask": "MONITOR",
    "a failover": "CLUSTER FAILOVER",
}


@pytest.fixture
def clients(three_shards: Cluster) -> Iterator[dict[str, Any]]:
    """A client of one node for each user."""
    node, admin = next(iter(three_shards.clients.items()))
    port = three_shards.profile.ports[node]
    made = {}
    for user, access in (("jobs", JOBS_ACCESS), ("reader", READER_ACCESS)):
        admin.execute_command("ACL", "SETUSER", user, "reset", f">{PASSWORD}", *access.split())
        made[user] = valkey.Valkey(port=port, username=user, password=PASSWORD)
    yield made
    for client in made.values():
        client.close()
    admin.execute_command("ACL", "DELUSER", *made)


def refused(client: Any, command: str) -> bool:
    """Whether the user may not. A slot of another node is no refusal."""
    try:
        client.execute_command(*command.format(k="product:{1}").split())
    except valkey.exceptions.NoPermissionError:
        return True
    except valkey.exceptions.ResponseError as problem:
        assert str(problem).startswith("MOVED"), problem
    return False


@pytest.mark.parametrize("command", READS.values(), ids=READS)
@pytest.mark.parametrize("user", ["jobs", "reader"])
def test_who_reads(clients: dict[str, Any], user: str, command: str) -> None:
    assert not refused(clients[user], command)


@pytest.mark.parametrize("command", WRITES.values(), ids=WRITES)
def test_who_writes(clients: dict[str, Any], command: str) -> None:
    assert not refused(clients["jobs"], command)
    assert refused(clients["reader"], command)


@pytest.mark.parametrize("command", NOBODY.values(), ids=NOBODY)
@pytest.mark.parametrize("user", ["jobs", "reader"])
def test_nobody_may(clients: dict[str, Any], user: str, command: str) -> None:
    assert refused(clients[user], command)

"""A real cluster for tests: the three shards of a laptop's stack, of Valkey or of Redis."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import valkey

from local.home import Home
from local.ports import claim
from local.profile import Profile, new_profile, read_profile, write_profile
from local.valkey.cluster import connect, form
from local.valkey.node import configuration
from tests import redis

ROOT = Path(__file__).parent.parent
_START_SECONDS = 60


@dataclass(frozen=True)
class Server:
    """The program of a node: the command line that becomes it, and what its environment adds."""

    line: Callable[[Home, str], list[str]]
    environment: Mapping[str, str]


def _bundled(home: Home, node: str) -> list[str]:
    return [sys.executable, "-m", "local.valkey.node", "--home", str(home.root), "--node", node]


VALKEY = Server(_bundled, {"PYTHONPATH": str(ROOT)})


def redis_of_debian(cache: Path) -> Server:
    """Debian's Redis with the settings of a node of Valkey; the test fails where it cannot be
    fetched."""
    unpacked = redis.fetched(cache)

    def line(home: Home, node: str) -> list[str]:
        profile = read_profile(home)
        assert profile is not None
        folder = home.valkey(node)
        folder.mkdir(exist_ok=True)
        (folder / "redis.conf").write_text(configuration(profile, node, folder))
        return [str(redis.program(unpacked)), str(folder / "redis.conf")]

    return Server(line, redis.libraries(unpacked))


@dataclass
class Cluster:
    """A running cluster, with the process and the client of each node."""

    home: Home
    profile: Profile
    server: Server = VALKEY
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    clients: dict[str, Any] = field(default_factory=dict)

    @property
    def seeds(self) -> list[tuple[str, int]]:
        return [("127.0.0.1", self.profile.ports[node]) for node in self.profile.valkey_nodes]

    def start(self, node: str) -> None:
        with (self.home.root / f"{node}.log").open("ab") as log:
            self.processes[node] = subprocess.Popen(
                self.server.line(self.home, node),
                env=os.environ | self.server.environment,
                stdout=log,
                stderr=log,
            )

    def await_answers(self) -> None:
        until = time.monotonic() + _START_SECONDS
        for node, client in self.clients.items():
            while True:
                try:
                    client.ping()
                    break
                except valkey.ConnectionError:
                    assert time.monotonic() < until, f"{node} does not answer"
                    assert self.processes[node].poll() is None, f"{node} has ended"
                    time.sleep(0.05)

    def whole(self) -> Any:
        """A client that finds the shard of each key."""
        return valkey.ValkeyCluster(
            host="127.0.0.1",
            port=self.seeds[0][1],
            password=self.profile.password,
            decode_responses=True,
        )

    def stop(self) -> None:
        for client in self.clients.values():
            client.close()
        for process in self.processes.values():
            process.kill()
            process.wait()


def cluster(folder: Path, replicas: int = 0, server: Server = VALKEY) -> Iterator[Cluster]:
    """Yield nodes that have formed one cluster; they end with the test."""
    home = Home(folder)
    home.make()
    profile = new_profile(1, claim, replicas=replicas)
    write_profile(home, profile)
    made = Cluster(home, profile, server)
    try:
        for node in profile.valkey_nodes:
            made.start(node)
        made.clients.update(connect(profile))
        made.await_answers()
        form(profile, made.clients)
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def three_shards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    yield from cluster(tmp_path_factory.mktemp("valkey"))

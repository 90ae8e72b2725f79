"""The profile of a stack: what it keeps between runs, its ports and its password among it."""

from __future__ import annotations

import json
import secrets
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from urllib.parse import quote

from contracts.errors import EnvironmentProblem
from contracts.valkey_url import ValkeyUrl
from local.home import Home, write_private
from local.ports import Claim, choose

# Fewer primaries could not agree that one of them has failed.
MIN_SHARDS = 3


@dataclass(frozen=True)
class Profile:
    """What a stack keeps between runs. The data on disk depends on every field but the ports.

    Valkey has one primary per shard, and each primary has `replicas` copies.
    """

    stack_id: str
    cluster_id: str
    brokers: int
    password: str
    ports: dict[str, int]
    shards: int = 3
    replicas: int = 0

    def __post_init__(self) -> None:
        if self.brokers not in (1, 3):
            raise ValueError(f"brokers must be 1 or 3, got {self.brokers}")
        if self.shards < MIN_SHARDS:
            raise ValueError(f"shards must be at least {MIN_SHARDS}, got {self.shards}")
        if self.replicas not in (0, 1):
            raise ValueError(f"replicas must be 0 or 1, got {self.replicas}")

    @property
    def nodes(self) -> range:
        return range(1, self.brokers + 1)

    @property
    def bootstrap_servers(self) -> str:
        return ",".join(f"127.0.0.1:{self.ports[f'kafka-{node}']}" for node in self.nodes)

    @property
    def valkey_primaries(self) -> tuple[str, ...]:
        """The node that leads each shard when the cluster is made."""
        return tuple(f"valkey-{shard}" for shard in range(1, self.shards + 1))

    @property
    def valkey_replicas(self) -> dict[str, str]:
        """The name of each copy's node -> the node that it copies at first."""
        return {f"{node}-replica": node for node in self.valkey_primaries if self.replicas}

    @property
    def valkey_nodes(self) -> tuple[str, ...]:
        return (*self.valkey_primaries, *self.valkey_replicas)

    @property
    def port_names(self) -> tuple[str, ...]:
        """The names of all ports that a stack listens on."""
        return (
            *(f"kafka-{node}" for node in self.nodes),
            *(f"kafka-controller-{node}" for node in self.nodes),
            "postgres",
            *self.valkey_nodes,
            *(bus_port(node) for node in self.valkey_nodes),
        )


def bus_port(node: str) -> str:
    """The name of the port on which a node of Valkey talks to the other nodes."""
    return f"{node}-bus"


def new_profile(brokers: int, claim: Claim, *, replicas: int = 0) -> Profile:
    """A profile for a stack that has no data yet."""
    profile = Profile(
        stack_id=uuid.uuid4().hex,
        cluster_id=urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("="),
        brokers=brokers,
        password=secrets.token_urlsafe(24),
        ports={},
        replicas=replicas,
    )
    return fresh_ports(profile, claim)[0]


def fresh_ports(profile: Profile, claim: Claim) -> tuple[Profile, Sequence[str]]:
    """For a stack that is down: keep every port that is free, replace the others and say which."""
    ports, messages = choose(profile.port_names, profile.ports, claim)
    return replace(profile, ports=ports), messages


def with_all_ports(profile: Profile, claim: Claim) -> Profile:
    """The profile with a port for each name that has none yet, as after a change of version."""
    missing = [name for name in profile.port_names if name not in profile.ports]
    return replace(profile, ports=profile.ports | choose(missing, {}, claim)[0])


def read_profile(home: Home) -> Profile | None:
    """The profile of a state folder; None where no stack was made yet."""
    if not home.profile.exists():
        return None
    try:
        return Profile(**json.loads(home.profile.read_text()))
    except (ValueError, TypeError) as problem:
        raise EnvironmentProblem(
            f"the profile is damaged: {home.profile}: {problem}",
            cause="it was edited, or a disk was full when it was written",
            command="`shopstream down --purge` removes the stack with its data",
        ) from problem


def require_profile(home: Home) -> Profile:
    """The profile of a state folder; raises an EnvironmentProblem where no stack was made yet."""
    profile = read_profile(home)
    if profile is None:
        raise EnvironmentProblem(f"there is no profile in {home.root}", command="shopstream up")
    return profile


def write_profile(home: Home, profile: Profile) -> None:
    """Store the profile and the password files that clients read."""
    write_private(home.profile, json.dumps(asdict(profile), indent=2) + "\n")
    write_private(home.pgpass, f"*:*:shopstream:shopstream:{profile.password}\n")
    write_private(home.valkey_pass, f"{profile.password}\n")


def postgres_url(home: Home, profile: Profile) -> str:
    """The connection string; the password stays in the password file."""
    return (
        f"postgresql://shopstream@127.0.0.1:{profile.ports['postgres']}/shopstream"
        f"?passfile={quote(str(home.pgpass))}"
    )


def valkey_url(home: Home, profile: Profile) -> str:
    """The address of the cluster for clients; the password stays in its file.

    It names the first shards alone. They tell a client of the others, so a shard that comes or
    goes restarts no client.
    """
    seeds = profile.valkey_primaries[:MIN_SHARDS]
    nodes = tuple(("127.0.0.1", profile.ports[node]) for node in seeds)
    return str(ValkeyUrl(nodes, passfile=str(home.valkey_pass)))

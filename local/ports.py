"""Choose ports that no program listens on, and keep those that a stack had before."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable, Iterable, Mapping

# A claim of n gives n when that port is free, else None. A claim of 0 gives any free port, or None
# when the one it tried is taken.
Claim = Callable[[int], int | None]


def choose(
    names: Iterable[str], wanted: Mapping[str, int], claim: Claim
) -> tuple[dict[str, int], list[str]]:
    """Give each name the port it wants if that is free, else another one and a message."""
    chosen: dict[str, int] = {}
    messages: list[str] = []
    for name in names:
        before = wanted.get(name)
        port = claim(before) if before is not None else None
        while port is None or port in chosen.values():
            port = claim(0)
        if before is not None and port != before:
            messages.append(f"port {before} ({name}) is taken by another program; using {port}")
        chosen[name] = port
    return chosen, messages


# These lie below the ports that a system lends to outgoing connections. Such a connection could
# otherwise take a port of a stack that is down.
FIRST, LAST = 20_000, 32_000


def claim(port: int) -> int | None:
    """Bind a loopback port for an instant; return None when another program has it."""
    wanted = port or FIRST + secrets.randbelow(LAST - FIRST)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # With this option a port that lingers in TIME_WAIT is free. One with a listener is not.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            return None
    return wanted

"""Choose ports that nobody listens on, and keep the ones a stack had before."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable, Iterable, Mapping

# Claim(n) is n when that port is free, else None; Claim(0) is any free port.
Claim = Callable[[int], int | None]


def choose(
    names: Iterable[str], wanted: Mapping[str, int], claim: Claim
) -> tuple[dict[str, int], list[str]]:
    """Give each name its wanted port if it can be claimed, else a free one and a message."""
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


# Below the ports that systems lend to outgoing connections, which could take a stack's own.
FIRST, LAST = 20_000, 32_000


def claim(port: int) -> int | None:
    """Bind a loopback port for an instant; None when another program has it."""
    wanted = port or FIRST + secrets.randbelow(LAST - FIRST)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # A port of our own that lingers in TIME_WAIT is free; one that is listened on is not.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            return None
    return wanted

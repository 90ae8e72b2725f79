"""The producer as another program: how it is called, and how a command goes on as it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from ops.stack import Stack


def program(*command: str) -> list[str]:
    """The command line of one of the producer's commands, without its options."""
    return [sys.executable, "-P", "-m", "producer", *command]


def become(line: Sequence[str], stack: Stack | None) -> NoReturn:
    """Go on as the producer, sending to the stack if there is one: signals, output and exit code
    are its own, with nobody between."""
    sys.stdout.flush()
    sys.stderr.flush()
    where = []
    if stack is not None:
        where = [
            f"--bootstrap-servers={stack.bootstrap_servers}",
            f"--vault={stack.postgres_url}",
            f"--ledger={stack.ledger}",
        ]
    os.execv(line[0], [*line, *where])

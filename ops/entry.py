"""Where the `shopstream` command begins: its libraries take a second to load, in which Ctrl-C is no
error."""

from __future__ import annotations

from importlib import import_module

from contracts.errors import INTERRUPTED


def main() -> None:
    """Run the command line of the process and end it with the exit code."""
    try:
        command = import_module("ops.main").main
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None
    command()

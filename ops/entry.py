"""The start of the `shopstream` command. Its libraries take a second to load, and Ctrl-C in that
second is not an error."""

from __future__ import annotations

from importlib import import_module

from contracts.errors import INTERRUPTED


def main() -> None:
    """Run the process's command line and end the process with its exit code."""
    try:
        command = import_module("ops.main").main
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None
    command()

"""The start of the `shopstream` command. Its libraries take a second to load, and Ctrl-C in that
second is not an error. They find the command's own environment, not the user's."""

from __future__ import annotations

from importlib import import_module

from contracts.errors import INTERRUPTED


def main() -> None:
    """Run the process's command line and end the process with its exit code."""
    try:
        import_module("ops.settings").settle()
        command = import_module("ops.main").main
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None
    command()

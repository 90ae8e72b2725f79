"""What can go wrong on the laptop, classed by what the caller can do about it."""

from __future__ import annotations

from pathlib import Path

# The exit code of a command that Ctrl-C ended: 128 and the number of SIGINT, as shells have it.
INTERRUPTED = 130


class ShopstreamError(Exception):
    """A failure a person can act on: what happened, the likely cause, the next command, the log."""

    exit_code = 1

    def __init__(
        self, what: str, *, cause: str = "", command: str = "", log: Path | None = None
    ) -> None:
        super().__init__(what)
        self.what = what
        self.cause = cause
        self.command = command
        self.log = log


class Usage(ShopstreamError):
    """The command line, or a file named on it, cannot be used as it is."""

    exit_code = 2


class NotReady(ShopstreamError):
    """The stack, or a part of it, is not running or not ready yet."""

    exit_code = 3


class EnvironmentProblem(ShopstreamError):
    """The machine or its network refuses what is needed: a disk, a registry, a credential."""

    exit_code = 4

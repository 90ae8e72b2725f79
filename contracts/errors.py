"""Failures that a person can act on, classed by what to do; the class decides the exit code.

ShopstreamError        1  something failed on the way; what was acknowledged or committed stays
  Usage                2  the command line, or a file named on it, cannot be used as it is
  NotReady             3  the stack, a broker or a table is not there, or not ready yet
  EnvironmentProblem   4  the machine or its network refuses what is needed
"""

from __future__ import annotations

from pathlib import Path

# The exit code of a command that Ctrl-C cut off, as shells expect it.
INTERRUPTED = 130
# Classes of SQLSTATE: connections that are refused or break; a server that goes down or comes up.
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRES_RESTARTS = ("08", "57P")


class ShopstreamError(Exception):
    """Something failed: `what` happened, its likely `cause`, the `command` or step to take next,
    and the `log` that tells more."""

    exit_code = 1

    def __init__(
        self, what: str, *, cause: str = "", command: str = "", log: Path | None = None
    ) -> None:
        super().__init__(what)
        self.what = what
        self.cause = cause
        self.command = command
        self.log = log

    def as_fields(self) -> dict[str, object]:
        """The error as JSON fields, for a command that answers in JSON."""
        return {
            "error": self.what,
            "cause": self.cause,
            "next": self.command,
            "log": str(self.log) if self.log else None,
            "exit_code": self.exit_code,
        }

    def as_lines(self) -> list[str]:
        """The error as lines for a person; the first one begins with ``error: ``."""
        told = {
            "error": self.what,
            "likely cause": self.cause,
            "next": self.command,
            "log": self.log,
        }
        return [f"{name}: {value}" for name, value in told.items() if value]


class Usage(ShopstreamError):
    """The command line, or a file named on it, cannot be used as it is."""

    exit_code = 2


class NotReady(ShopstreamError):
    """The stack, a broker or a table is not there, or not ready yet."""

    exit_code = 3


class EnvironmentProblem(ShopstreamError):
    """The machine or its network refuses what is needed: a disk, a registry, a credential."""

    exit_code = 4


def is_postgres_restart(sqlstate: str | None) -> bool:
    """Whether an OperationalError of this SQLSTATE passes when the server answers again; None is a
    server that does not answer at all."""
    return sqlstate is None or sqlstate.startswith(_POSTGRES_RESTARTS)

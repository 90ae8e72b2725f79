"""What Postgres says while it restarts."""

from __future__ import annotations

# Classes of SQLSTATE: connections that are refused or break; a server that goes down or comes up.
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_CLASSES = ("08", "57P")


def is_restart(sqlstate: str | None) -> bool:
    """Whether an OperationalError of this SQLSTATE passes when the server answers again; None is a
    server that does not answer at all."""
    return sqlstate is None or sqlstate.startswith(_CLASSES)

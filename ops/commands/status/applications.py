"""What the applications say of themselves: their rows in Postgres."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

# What the jobs write when a person must decide, or when they died of an error.
BROKEN = frozenset({"stopped", "failed"})
_CONNECT_SECONDS = 2


@dataclass(frozen=True)
class ApplicationState:
    """`detail` says why one is stopped; `batches` is how many it has applied."""

    name: str
    state: str
    detail: str
    driver: str
    batches: int


def read_applications(postgres: str) -> tuple[ApplicationState, ...]:
    """The applications by name; none while Postgres is not there or has no tables yet."""
    try:
        with psycopg.connect(postgres, connect_timeout=_CONNECT_SECONDS) as connection:
            rows = connection.execute(
                "SELECT name, state, detail, driver, (SELECT count(*) FROM journal "
                "WHERE application = name) FROM applications ORDER BY name"
            ).fetchall()
    except (psycopg.OperationalError, psycopg.errors.UndefinedTable):
        return ()
    return tuple(ApplicationState(*row) for row in rows)

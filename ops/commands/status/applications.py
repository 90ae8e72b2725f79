"""What the applications tell about themselves, in their rows in Postgres."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

# The jobs write `stopped` when a person must decide, and `failed` when they died of an error.
BROKEN = frozenset({"stopped", "failed"})
_CONNECT_SECONDS = 2


@dataclass(frozen=True)
class ApplicationState:
    """One application. `detail` says why it has stopped; `batches` is how many it has applied."""

    name: str
    state: str
    detail: str
    driver: str
    batches: int


def read_applications(postgres: str) -> tuple[ApplicationState, ...]:
    """The applications in the order of their names; none while Postgres does not answer or has no
    tables yet."""
    try:
        with psycopg.connect(postgres, connect_timeout=_CONNECT_SECONDS) as connection:
            rows = connection.execute(
                "SELECT name, state, detail, driver, (SELECT count(*) FROM journal "
                "WHERE application = name) FROM applications ORDER BY name"
            ).fetchall()
    except (psycopg.OperationalError, psycopg.errors.UndefinedTable):
        return ()
    return tuple(ApplicationState(*row) for row in rows)

"""What the applications tell about themselves, in their rows in Postgres."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from psycopg.rows import class_row

# The jobs write `stopped` when a person must decide, and `failed` when they died of an error.
BROKEN = frozenset({"stopped", "failed"})
_CONNECT_SECONDS = 2
_STATES = """
    SELECT name, state, detail, driver,
           (SELECT count(*) FROM journal WHERE application = name) AS batches
    FROM applications ORDER BY name
"""


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
        with psycopg.connect(
            postgres, connect_timeout=_CONNECT_SECONDS, row_factory=class_row(ApplicationState)
        ) as connection:
            return tuple(connection.execute(_STATES))
    except (psycopg.OperationalError, psycopg.errors.UndefinedTable):
        return ()

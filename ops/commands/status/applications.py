"""What the applications tell about themselves, in their rows in Postgres."""

from __future__ import annotations

from dataclasses import dataclass

from ops.commands.status.stored_rows import stored_rows

# The jobs write `stopped` when a person must decide, and `failed` when they died of an error.
BROKEN = frozenset({"stopped", "failed"})
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
    return tuple(stored_rows(postgres, _STATES, ApplicationState) or ())

"""Which statements bring a database to the tables of the contracts: pure."""

from __future__ import annotations

from contracts.tables.grants import role_statements
from contracts.tables.postgres import ddl

# Any number will do, so long as every migration takes the same one.
LOCK = 7_205_759_403
# Whoever holds one of the locks for longer makes the migration fail, where it would hang.
_PATIENCE = "SET LOCAL lock_timeout = '60s'"


def statements(sign_in: str | None) -> tuple[str, ...]:
    """In order, for one transaction; every one may be run again on a database that has them all.
    With `sign_in`, a role whose members may connect, each part has a user of its own."""
    # Two starts at once wait for each other: `CREATE ... IF NOT EXISTS` alone may collide.
    lock = f"SELECT pg_advisory_xact_lock({LOCK})"
    return (_PATIENCE, lock, *ddl(), *(role_statements(sign_in) if sign_in else ()))

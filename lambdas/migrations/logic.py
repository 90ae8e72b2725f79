"""Which statements bring a database to the tables of the contracts: pure."""

from __future__ import annotations

from contracts.tables import ddl

# Any number will do, so long as every migration takes the same one.
LOCK = 7_205_759_403


def statements() -> tuple[str, ...]:
    """In order, for one transaction; every one may be run again on a database that has them all."""
    # Two starts at once wait for each other: `CREATE ... IF NOT EXISTS` alone may collide.
    return (f"SELECT pg_advisory_xact_lock({LOCK})", *ddl())

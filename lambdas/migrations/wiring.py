"""The connection of the migrations."""

from __future__ import annotations

import psycopg
from psycopg.abc import Query

from lambdas.migrations.logic import statements


def apply(postgres: str, *, password: str | None = None, sign_in: str | None = None) -> int:
    """Bring the database up to date in one transaction; returns the number of statements run.
    `postgres` is a libpq URL. `sign_in` is the role whose members may connect, where each part has
    a user of its own."""
    wanted = statements(sign_in)
    with psycopg.connect(postgres, password=password, connect_timeout=10) as connection:
        for statement in wanted:
            query: Query = statement.encode()
            connection.execute(query)
    return len(wanted)

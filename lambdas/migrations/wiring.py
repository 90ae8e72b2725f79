"""The connection of the migrations."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from psycopg.abc import Query

from lambdas.migrations.logic import statements


@dataclass(frozen=True)
class Settings:
    """Where the database is: a libpq URL, and its password unless that is in the URL. `sign_in` is
    the role whose members may connect, where each part has a user of its own."""

    postgres: str
    password: str | None = None
    sign_in: str | None = None


def apply(settings: Settings) -> int:
    """Bring the database up to date in one transaction; returns the number of statements run."""
    wanted = statements(settings.sign_in)
    with psycopg.connect(
        settings.postgres, password=settings.password, connect_timeout=10
    ) as connection:
        for statement in wanted:
            query: Query = statement.encode()
            connection.execute(query)
    return len(wanted)

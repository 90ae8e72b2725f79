"""The connection of the migrations."""

from __future__ import annotations

import os
from dataclasses import dataclass

import psycopg
from psycopg.abc import Query

from lambdas.migrations.logic import statements


@dataclass(frozen=True)
class Settings:
    """Where the database is: a libpq URL."""

    postgres: str

    @classmethod
    def from_environment(cls) -> Settings:
        return cls(os.environ["POSTGRES_URL"])  # noqa: TID251 - a function's settings come this way


def apply(settings: Settings) -> int:
    """Bring the database up to date in one transaction; returns the number of statements run."""
    wanted = statements()
    with psycopg.connect(settings.postgres, connect_timeout=10) as connection:
        for statement in wanted:
            query: Query = statement.encode()
            connection.execute(query)
    return len(wanted)

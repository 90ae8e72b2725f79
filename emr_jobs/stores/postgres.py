"""Connections to Postgres, with a password or with a token of the caller's AWS identity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import psycopg
from psycopg.conninfo import conninfo_to_dict

from emr_jobs.stores.jdbc import JdbcEndpoint, jdbc_endpoint

Pg: TypeAlias = psycopg.Connection[tuple[Any, ...]]
# A token for (host, port, user).
Sign = Callable[[str, int, str], str]
_PORT = "5432"


@dataclass(frozen=True)
class PostgresEndpoint:
    """A libpq URL and the way in. A token is good for 15 minutes and asked for at connect alone, so
    each connection takes a new one and may then live as long as it likes."""

    url: str
    sign: Sign | None

    def connect(self) -> Pg:
        """A new connection in autocommit mode."""
        if self.sign is None:
            return psycopg.connect(self.url, autocommit=True)
        return psycopg.connect(self.url, password=self._token(), autocommit=True)

    def jdbc(self) -> JdbcEndpoint:
        """The JDBC form, for connections made in the next 15 minutes."""
        return jdbc_endpoint(self.url, password=self._token() if self.sign else None)

    def _token(self) -> str:
        assert self.sign is not None
        parts = conninfo_to_dict(self.url)
        port = int(str(parts.get("port") or _PORT))
        return self.sign(str(parts["host"]), port, str(parts["user"]))

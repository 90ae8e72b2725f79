"""Postgres as Spark reads it, and the Iceberg catalog that lives in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from psycopg.conninfo import conninfo_to_dict
from pyspark.sql import DataFrame, SparkSession

from contracts.tables.columns import Table, quoted

# What both drivers call by the same name.
_TLS = ("sslmode", "sslrootcert")


@dataclass(frozen=True)
class JdbcEndpoint:
    """A libpq URL as the JDBC driver wants it."""

    url: str
    user: str
    password: str


def jdbc_endpoint(postgres: str, password: str | None = None) -> JdbcEndpoint:
    """The JDBC form of a libpq URL; the password is the one given, or the URL's, or its passfile's.

    Raises ValueError when the passfile has no line for the server.
    """
    parts = {name: str(value) for name, value in conninfo_to_dict(postgres).items()}
    host, port = parts.get("host", "127.0.0.1"), parts.get("port", "5432")
    database, user = parts.get("dbname", ""), parts.get("user", "")
    password = password or parts.get("password") or ""
    if not password and "passfile" in parts:
        password = password_in(Path(parts["passfile"]).read_text(), (host, port, database, user))
    options = urlencode({name: parts[name] for name in _TLS if name in parts}, safe="/")
    url = f"jdbc:postgresql://{host}:{port}/{database}" + (f"?{options}" if options else "")
    return JdbcEndpoint(url, user, password)


def password_in(passfile: str, server: tuple[str, str, str, str]) -> str:
    """The password of the first line of a pgpass file that fits (host, port, database, user)."""
    for line in passfile.splitlines():
        fields = line.strip().split(":")
        if len(fields) == 5 and all(
            field in ("*", value) for field, value in zip(fields, server, strict=False)
        ):
            return fields[4]
    raise ValueError(f"the passfile has no line for {':'.join(server)}")


def query(
    spark: SparkSession, endpoint: JdbcEndpoint, table: Table, tail: str, parts: Sequence[str]
) -> DataFrame:
    """The table's columns of a query ``SELECT ... {tail}``; uuid and json come as text. Each of
    `parts`, which are conditions on these columns, is read by a connection of its own."""
    columns = ", ".join(
        f"{quoted(column.name)}::text AS {quoted(column.name)}"
        if column.type in ("uuid", "json")
        else quoted(column.name)
        for column in table.columns
    )
    return spark.read.jdbc(
        endpoint.url,
        f"(SELECT {columns} {tail}) AS found",
        predicates=list(parts),
        properties={
            "driver": "org.postgresql.Driver",
            "fetchsize": "10000",
            "user": endpoint.user,
            "password": endpoint.password,
        },
    )

"""How functions connect to Postgres: as a user of their own, with a token of their role."""

from __future__ import annotations

import json

import boto3
import psycopg
from psycopg.conninfo import conninfo_to_dict

Connection = psycopg.Connection[tuple[object, ...]]

_CONNECT_SECONDS = 5


def connect(url: str) -> Connection:
    """A connection in autocommit mode. A URL with a password is used unchanged."""
    parts = conninfo_to_dict(url)
    token = None if "password" in parts or "passfile" in parts else _token(parts)
    return psycopg.connect(url, password=token, autocommit=True, connect_timeout=_CONNECT_SECONDS)


def secret_password(secret: str) -> str:
    """The password in a secret of RDS. It rotates, so it is read each time."""
    client = boto3.client("secretsmanager")
    password: str = json.loads(client.get_secret_value(SecretId=secret)["SecretString"])["password"]
    return password


def _token(parts: dict[str, str | int | None]) -> str:
    """A token, signed without a request to AWS. It is valid for 15 minutes and checked at
    connecting."""
    token: str = boto3.client("rds").generate_db_auth_token(
        DBHostname=parts["host"], Port=int(parts["port"] or 5432), DBUsername=parts["user"]
    )
    return token

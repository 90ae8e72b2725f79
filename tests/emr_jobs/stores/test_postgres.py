"""Connections with a token: asked for anew each time, and taken instead of a password."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from emr_jobs.stores.aws import rds_token
from emr_jobs.stores.jdbc import password_in
from emr_jobs.stores.postgres import PostgresEndpoint


class Signer:
    """Gives out `tokens` in turn and remembers for whom."""

    def __init__(self, *tokens: str) -> None:
        self._tokens = list(tokens)
        self.asked: list[tuple[str, int, str]] = []

    def __call__(self, host: str, port: int, user: str) -> str:
        self.asked.append((host, port, user))
        return self._tokens.pop(0)


def without_password(url: str) -> tuple[str, str]:
    parts = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    passfile = parts.pop("passfile")
    server = (parts["host"], parts["port"], parts["dbname"], parts["user"])
    bare = make_conninfo("", **parts, passfile="/nonexistent")
    return bare, password_in(Path(passfile).read_text(), server)


def test_each_connection_brings_a_token_of_its_own(postgres: str) -> None:
    bare, password = without_password(postgres)
    sign = Signer(password, password, "expired")
    endpoint = PostgresEndpoint(bare, sign)
    for _ in range(2):
        with endpoint.connect() as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    with pytest.raises(psycopg.OperationalError):
        endpoint.connect()
    parts = conninfo_to_dict(postgres)
    assert sign.asked == [(parts["host"], int(str(parts["port"])), parts["user"])] * 3


def test_the_jdbc_form_brings_a_token_too() -> None:
    endpoint = PostgresEndpoint("postgresql://jobs@db/shop", Signer("first", "second"))
    assert [endpoint.jdbc().password, endpoint.jdbc().password] == ["first", "second"]


def test_a_password_needs_no_signer(postgres: str) -> None:
    with PostgresEndpoint(postgres, None).connect() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_an_rds_token_names_its_user_and_never_the_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "do-not-show")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    endpoint = PostgresEndpoint("postgresql://jobs@db.example:5432/shop", rds_token)
    token = endpoint.jdbc().password
    assert token.startswith("db.example:5432/?Action=connect&DBUser=jobs")
    assert "X-Amz-Signature=" in token
    assert "do-not-show" not in token

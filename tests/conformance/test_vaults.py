"""What every vault promises: one secret for ever, every subject once."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Protocol

import psycopg
import pytest

from contracts.errors import NotReady, ShopstreamError
from contracts.tables.postgres import VAULT_SUBJECTS
from producer.subjects import Subject, Tokens, Vault
from producer.vaults import FileVault, PostgresVault, read_subjects

ANNA = Subject("sub_a", "customer", "17850")
BERT = Subject("sub_b", "customer", "17851")


class Bench(Protocol):
    """A vault that can be opened again, and what it remembers."""

    def open(self) -> Vault: ...

    def subjects(self) -> list[Subject]: ...


class FileBench:
    def __init__(self, folder: Path) -> None:
        self._folder = folder / "vault"

    def open(self) -> Vault:
        return FileVault(self._folder)

    def subjects(self) -> list[Subject]:
        return read_subjects(self._folder)


class PostgresBench:
    def __init__(self, url: str) -> None:
        self._url = url
        self._opened: list[Vault] = []

    def open(self) -> Vault:
        self._opened.append(PostgresVault(self._url))
        return self._opened[-1]

    def subjects(self) -> list[Subject]:
        with psycopg.connect(self._url) as connection:
            rows = connection.execute(
                f"SELECT token, kind, real_id FROM {VAULT_SUBJECTS.name} ORDER BY first_seen, token"
            )
            return [Subject(*row) for row in rows]

    def close(self) -> None:
        for vault in self._opened:
            vault.close()


@pytest.fixture(params=["file", pytest.param("postgres", marks=pytest.mark.e2e)])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    if request.param == "file":
        yield FileBench(tmp_path)
        return
    made = PostgresBench(request.getfixturevalue("postgres"))
    yield made
    made.close()


def test_the_secret_is_made_once(bench: Bench) -> None:
    first = bench.open().secret()
    assert len(first) == 32
    assert bench.open().secret() == first


def test_a_subject_is_remembered_once(bench: Bench) -> None:
    vault = bench.open()
    vault.remember([ANNA])
    vault.remember([ANNA, BERT, BERT])
    bench.open().remember([BERT])
    assert bench.subjects() == [ANNA, BERT]


def test_real_ids_are_kept_as_they_are(bench: Bench) -> None:
    odd = Subject("sub_c", "device", 'a,"b"\nç')
    bench.open().remember([odd])
    assert bench.subjects() == [odd]


def test_tokens_are_remembered_before_they_are_used_again(bench: Bench) -> None:
    tokens = Tokens(bench.open(), "customer")
    token = tokens.token_of("17850")
    assert tokens.token_of("17850") == token
    assert tokens.token_of(None) is None
    assert bench.subjects() == []
    tokens.settle()
    assert [(each.token, each.real_id) for each in bench.subjects()] == [(token, "17850")]
    assert Tokens(bench.open(), "customer").token_of("17850") == token


def test_only_the_owner_reads_a_vault(tmp_path: Path) -> None:
    vault = FileVault(tmp_path / "vault")
    vault.secret()
    vault.remember([ANNA])
    for path in [tmp_path / "vault", *(tmp_path / "vault").iterdir()]:
        assert not path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)


def test_a_silent_postgres_is_told() -> None:
    with pytest.raises(NotReady, match="Postgres, which holds the vault, does not answer"):
        PostgresVault("postgresql://127.0.0.1:1/shop?connect_timeout=1")


@pytest.mark.e2e
def test_a_postgres_without_the_vaults_tables_is_told(postgres: str) -> None:
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("DROP SCHEMA vault CASCADE")
    vault = PostgresVault(postgres)
    with pytest.raises(NotReady, match="has no vault yet"):
        vault.secret()
    vault.close()


def _break(url: str) -> None:
    """End every connection to the database, as a server does that restarts."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.mark.e2e
def test_a_vault_whose_postgres_restarts_takes_new_subjects_when_it_is_back(
    postgres: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(PostgresVault(postgres)) as vault:
        _break(postgres)
        vault.remember([ANNA])
        vault.remember([ANNA])
    assert capsys.readouterr().err == "Postgres does not answer: nothing is sent until it does\n"
    with psycopg.connect(postgres) as connection:
        assert connection.execute("SELECT token FROM vault.subjects").fetchall() == [(ANNA.token,)]


@pytest.mark.e2e
def test_a_vault_whose_postgres_stays_away_says_so(postgres: str) -> None:
    with closing(PostgresVault(postgres, patience_seconds=0)) as vault:
        _break(postgres)
        with pytest.raises(ShopstreamError, match="did not take new subjects"):
            vault.remember([ANNA])

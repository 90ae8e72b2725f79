"""What every vault promises: one secret for ever, every subject once."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from contracts.subjects import TOKEN_PURPOSE
from contracts.tables.postgres import VAULT_KEYS, VAULT_SUBJECTS
from producer.errors import NotReady
from producer.subjects import Subject, Tokens, Vault
from producer.vaults import FileVault, PostgresVault, read_subjects

ANNA = Subject("sub_a", "customer", "17850")
BERT = Subject("sub_b", "customer", "17851")


class FileBench:
    def __init__(self, folder: Path) -> None:
        self._folder = folder / "vault"

    def open(self) -> Vault:
        return FileVault(self._folder)

    def subjects(self) -> list[Subject]:
        return read_subjects(self._folder)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[FileBench]:
    yield FileBench(tmp_path)


def test_the_secret_is_made_once(bench: FileBench) -> None:
    first = bench.open().secret()
    assert len(first) == 32
    assert bench.open().secret() == first


def test_a_subject_is_remembered_once(bench: FileBench) -> None:
    vault = bench.open()
    vault.remember([ANNA])
    vault.remember([ANNA, BERT, BERT])
    bench.open().remember([BERT])
    assert bench.subjects() == [ANNA, BERT]


def test_real_ids_are_kept_as_they_are(bench: FileBench) -> None:
    odd = Subject("sub_c", "device", 'a,"b"\nç')
    bench.open().remember([odd])
    assert bench.subjects() == [odd]


def test_tokens_are_remembered_before_they_are_used_again(bench: FileBench) -> None:
    tokens = Tokens(bench.open(), "customer")
    token = tokens.of("17850")
    assert tokens.of("17850") == token
    assert tokens.of(None) is None
    assert bench.subjects() == []
    tokens.settle()
    assert [(each.token, each.real_id) for each in bench.subjects()] == [(token, "17850")]
    assert Tokens(bench.open(), "customer").of("17850") == token


def test_only_the_owner_reads_a_vault(tmp_path: Path) -> None:
    vault = FileVault(tmp_path / "vault")
    vault.secret()
    vault.remember([ANNA])
    for path in [tmp_path / "vault", *(tmp_path / "vault").iterdir()]:
        assert not path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)


def test_a_silent_postgres_is_told() -> None:
    with pytest.raises(NotReady, match="Postgres, which holds the vault, does not answer"):
        PostgresVault("postgresql://127.0.0.1:1/shop?connect_timeout=1")

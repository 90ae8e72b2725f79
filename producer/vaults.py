"""Vaults: in Postgres for all producers of a shop, or in a folder for use without a stack."""

from __future__ import annotations

import csv
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import cast

import psycopg

from contracts.errors import NotReady, Usage
from contracts.subjects import TOKEN_PURPOSE, SubjectKind
from contracts.tables.postgres import VAULT_KEYS, VAULT_SUBJECTS
from producer.outlets.kafka import DELIVERY_SECONDS
from producer.patient_postgres import Connection, PatientPostgres
from producer.subjects import Subject

_SECRET_BYTES = 32
_REMEMBER = (
    f"INSERT INTO {VAULT_SUBJECTS.name} (token, kind, real_id) "
    "SELECT * FROM unnest(%s::text[], %s::text[], %s::text[]) ON CONFLICT DO NOTHING"
)


class PostgresVault:
    """The tables ``vault.keys`` and ``vault.subjects``; NotReady if they cannot be reached. New
    subjects wait for a server that restarts."""

    def __init__(self, url: str, patience_seconds: float = DELIVERY_SECONDS) -> None:
        self._postgres = PatientPostgres(url, "the vault", patience_seconds)

    def secret(self) -> bytes:
        try:
            return self._postgres.do(_secret)
        except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName) as error:
            raise NotReady(
                "Postgres has no vault yet",
                cause="the tables are made when the stack comes up",
                command="shopstream up",
            ) from error

    def remember(self, subjects: Sequence[Subject]) -> None:
        columns = [list(column) for column in zip(*subjects, strict=True)]
        self._postgres.keep(
            lambda connection: connection.execute(_REMEMBER, columns),
            "the vault did not take new subjects",
        )

    def close(self) -> None:
        self._postgres.close()


def _secret(connection: Connection) -> bytes:
    connection.execute(
        f"INSERT INTO {VAULT_KEYS.name} (purpose, secret) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        (TOKEN_PURPOSE, secrets.token_bytes(_SECRET_BYTES)),
    )
    row = connection.execute(
        f"SELECT secret FROM {VAULT_KEYS.name} WHERE purpose = %s", (TOKEN_PURPOSE,)
    ).fetchone()
    assert row is not None
    return bytes(row[0])


class FileVault:
    """A folder that only its owner can read: ``secret``, and ``subjects.csv`` (token, kind, real
    id)."""

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise Usage(f"the vault {folder} cannot be made: {error.strerror}") from error
        self._secret_file = folder / "secret"
        self._subjects_file = folder / "subjects.csv"
        self._known = {subject.token for subject in read_subjects(folder)}

    def secret(self) -> bytes:
        # The secret is written aside and then linked. So of two first users one wins, and nobody
        # reads half of it.
        draft = self._secret_file.with_name(f"secret.{os.getpid()}")
        draft.touch(0o600, exist_ok=False)
        draft.write_bytes(secrets.token_bytes(_SECRET_BYTES))
        try:
            with suppress(FileExistsError):
                self._secret_file.hardlink_to(draft)
        finally:
            draft.unlink()
        return self._secret_file.read_bytes()

    def remember(self, subjects: Sequence[Subject]) -> None:
        new = {s.token: s for s in subjects if s.token not in self._known}
        if not new:
            return
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        with open(  # noqa: PTH123 - the mode of a new file must never be wider than the owner
            os.open(self._subjects_file, flags, 0o600), "w", newline="", encoding="utf-8"
        ) as file:
            csv.writer(file).writerows((s.token, s.kind, s.real_id) for s in new.values())
            file.flush()
            os.fsync(file.fileno())
        self._known.update(new)

    def close(self) -> None:
        """Nothing is held."""


class NoVault:
    """For events that go nowhere: it makes a secret and remembers nobody."""

    def secret(self) -> bytes:
        return secrets.token_bytes(_SECRET_BYTES)

    def remember(self, subjects: Sequence[Subject]) -> None: ...

    def close(self) -> None: ...


def read_subjects(folder: Path) -> list[Subject]:
    """The subjects that a `FileVault` of this folder remembers."""
    path = folder / "subjects.csv"
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return [
            Subject(token, cast("SubjectKind", kind), real_id)
            for token, kind, real_id in csv.reader(file)
        ]

"""A real Postgres for tests: one server per session, and one database with all tables per test."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from contracts.tables.postgres import ddl
from local.home import Home
from local.ports import claim
from local.profile import new_profile, postgres_url, write_profile

_START_SECONDS = 60


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a running server."""
    home = Home(tmp_path_factory.mktemp("postgres"))
    home.make()
    profile = new_profile(1, claim)
    write_profile(home, profile)
    with (home.root / "log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "local.postgres", "--home", str(home.root)],
            cwd=Path(__file__).parent.parent,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)},
            stdout=log,
            stderr=log,
        )
        try:
            url = postgres_url(home, profile)
            _await_ready(url, server)
            yield url
        finally:
            server.terminate()
            server.wait(timeout=30)


@pytest.fixture
def postgres(postgres_server: str) -> Iterator[str]:
    """The URL of a new database with every table of contracts."""
    with database(postgres_server) as url:
        yield url


@pytest.fixture(scope="module")
def module_postgres(postgres_server: str) -> Iterator[str]:
    """One database for all tests of a file; each test empties the tables that it uses."""
    with database(postgres_server) as url:
        yield url


@contextmanager
def database(server: str) -> Iterator[str]:
    """The URL of a new database of the server, with every table of contracts."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
    url = server.replace("/shopstream?", f"/{name}?")
    _allow(url, name)
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in ddl():
            connection.execute(statement)
    yield url
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _allow(url: str, database: str) -> None:
    """Add the new database to the server's passfile, which has one line per database."""
    passfile = Path(url.partition("passfile=")[2])
    first = passfile.read_text().splitlines()[0].split(":")
    first[2] = database
    with passfile.open("a") as file:
        file.write(":".join(first) + "\n")


def _await_ready(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            psycopg.connect(url, connect_timeout=2).close()
            return
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.05)

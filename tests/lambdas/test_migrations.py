"""The migrations on a real Postgres: tables, and users who may do what they need and no more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import boto3
import psycopg
import pytest
from moto import mock_aws
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from contracts.tables.roles import JOBS, NOTIFIER, OPERATOR, READER
from lambdas.migrations import handler, logic
from lambdas.migrations.logic import LOCK, statements
from lambdas.migrations.wiring import apply

SIGN_IN = "rds_iam"


@pytest.fixture
def migrated(postgres: str) -> str:
    with psycopg.connect(postgres, autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = 'rds_iam'").fetchone()
        if not known:
            connection.execute("CREATE ROLE rds_iam")
    first, again = (apply(postgres, sign_in=SIGN_IN) for _ in range(2))
    assert first == again == len(statements(SIGN_IN))
    return postgres


MAY = {
    OPERATOR: ["UPDATE published SET changed_in = -1 WHERE table_name = 'valkey'"],
    JOBS: ["INSERT INTO outbox (application, topic, key, value) VALUES ('a', 't', 'k', 'v')"],
    READER: ["SELECT * FROM order_metrics", "SELECT * FROM alerts", "SELECT * FROM journal"],
    NOTIFIER: [
        "INSERT INTO notified VALUES (gen_random_uuid(), now())",
        "UPDATE notified SET sent_at = now()",
    ],
}
MAY_NOT = {
    OPERATOR: [
        "UPDATE published SET closed_until = now()",
        "DELETE FROM published",
        "UPDATE progress SET until = 0",
        "SELECT * FROM orders",
    ],
    JOBS: ["SELECT * FROM vault.subjects", "SELECT * FROM notified", "CREATE TABLE x (y int)"],
    READER: [
        "DELETE FROM alerts",
        "UPDATE orders SET total = 0",
        "SELECT * FROM outbox",
        "SELECT * FROM vault.keys",
    ],
    NOTIFIER: ["SELECT * FROM alerts", "DELETE FROM notified", "SELECT * FROM orders"],
}


def run_as(url: str, user: str, statement: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(f"SET ROLE {user}".encode())
        connection.execute(statement.encode())
        connection.rollback()


@pytest.mark.parametrize(("user", "said"), [(u, s) for u, all_ in MAY.items() for s in all_])
def test_what_a_user_may(migrated: str, user: str, said: str) -> None:
    run_as(migrated, user, said)


@pytest.mark.parametrize(("user", "said"), [(u, s) for u, all_ in MAY_NOT.items() for s in all_])
def test_what_a_user_may_not(migrated: str, user: str, said: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        run_as(migrated, user, said)


def test_a_right_that_is_no_longer_needed_is_taken_away(migrated: str) -> None:
    with psycopg.connect(migrated, autocommit=True) as connection:
        connection.execute(f"GRANT DELETE ON alerts TO {READER}".encode())
    run_as(migrated, READER, "DELETE FROM alerts")
    apply(migrated, sign_in=SIGN_IN)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        run_as(migrated, READER, "DELETE FROM alerts")


@pytest.fixture
def deployed(postgres: str, migrated: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    parts = {name: str(value) for name, value in conninfo_to_dict(postgres).items()}
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("POSTGRES_URL", make_conninfo("", **parts))
    monkeypatch.setenv("SIGN_IN_ROLE", SIGN_IN)
    with mock_aws():
        client = boto3.client("secretsmanager")
        secret = client.create_secret(Name="s", SecretString=json.dumps({"password": "x"}))
        monkeypatch.setenv("POSTGRES_SECRET", secret["ARN"])
        yield secret["ARN"]


def test_a_deployment_migrates_with_the_password_of_the_day(deployed: str, postgres: str) -> None:
    boto3.client("secretsmanager").put_secret_value(
        SecretId=deployed, SecretString=json.dumps({"password": "wrong"})
    )
    with pytest.raises(psycopg.OperationalError, match="password"):
        handler.handle({"RequestType": "Update"}, None)
    password = _password(postgres)
    boto3.client("secretsmanager").put_secret_value(
        SecretId=deployed, SecretString=json.dumps({"password": password})
    )
    answer = handler.handle({"RequestType": "Update"}, None)
    assert answer["Data"] == {"statements": len(statements(SIGN_IN))}


def test_taking_the_stack_down_leaves_the_tables(deployed: str) -> None:
    assert handler.handle({"RequestType": "Delete"}, None) == {"PhysicalResourceId": "tables"}


def _password(url: str) -> str:
    parts = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    return Path(parts["passfile"]).read_text().split()[0].split(":")[4]


def test_a_migration_that_finds_a_lock_taken_fails_and_does_not_hang(
    migrated: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logic, "_PATIENCE", "SET LOCAL lock_timeout = '50ms'")
    with psycopg.connect(migrated) as holder:
        holder.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        with pytest.raises(psycopg.errors.LockNotAvailable):
            apply(migrated, sign_in=SIGN_IN)
    assert apply(migrated, sign_in=SIGN_IN) == len(statements(SIGN_IN))

"""Every table of the lake is compacted and expired, as long as the settings say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from contracts.tables.lake import LAKE_TABLES
from lambdas.table_optimizers import handler, wiring
from lambdas.table_optimizers.logic import fulfils, wanted_optimizers

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/optimizer"
KINDS = ["compaction", "retention", "orphan_file_deletion"]
NAMES = [table.name for table in LAKE_TABLES]
_OPERATIONS = ("Create", "Get", "Update")


class Account:
    """A simulated account whose catalog is moto's. It has no optimizers: those are kept here, after
    the client itself has judged the request."""

    def __init__(self) -> None:
        self.glue = boto3.client("glue")
        self.optimizers: dict[tuple[str, str], dict[str, Any]] = {}
        self.written: list[str] = []
        for operation in _OPERATIONS:
            self.glue.meta.events.register(
                f"before-call.glue.{operation}TableOptimizer", self._answer
            )
        for database in sorted({name.split(".")[0] for name in NAMES}):
            self.glue.create_database(DatabaseInput={"Name": database})

    def make(self, *tables: str) -> None:
        for table in tables:
            database, _, name = table.partition(".")
            self.glue.create_table(DatabaseName=database, TableInput={"Name": name})

    def _answer(self, model: Any, params: dict[str, Any], **_: Any) -> tuple[Any, dict[str, Any]]:
        given = json.loads(params["body"])
        key = (f"{given['DatabaseName']}.{given['TableName']}", given["Type"])
        if model.name == "GetTableOptimizer":
            if key not in self.optimizers:
                return _Response(400), {"Error": {"Code": "EntityNotFoundException"}}
            return _Response(200), {"TableOptimizer": {"configuration": self.optimizers[key]}}
        # As Glue does, it adds what it chooses itself.
        asked = given["TableOptimizerConfiguration"]
        self.optimizers[key] = {**asked, "vpcConfiguration": {"glueConnectionName": "none"}}
        self.written.append(f"{model.name} {key[0]} {key[1]}")
        return _Response(200), {}

    def retention(self, table: str) -> dict[str, Any]:
        asked = self.optimizers[table, "retention"]["retentionConfiguration"]
        configuration: dict[str, Any] = asked["icebergConfiguration"]
        return configuration


class _Response:
    def __init__(self, status_code: int) -> None:
        self.status_code = status_code


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("CATALOG", ACCOUNT)
    monkeypatch.setenv("OPTIMIZER_ROLE", ROLE)
    monkeypatch.setenv("SNAPSHOT_HOURS", "120")
    with mock_aws():
        made = Account()
        monkeypatch.setattr(wiring.boto3, "client", lambda _: made.glue)
        yield made


def call() -> dict[str, list[str]]:
    return handler.handle({"source": "aws.events"}, None)


def test_each_table_gets_each_optimizer_once(account: Account) -> None:
    account.make(*NAMES)
    assert call() == {name: [f"create {kind}" for kind in KINDS] for name in NAMES}
    assert call() == {name: [] for name in NAMES}
    assert len(account.written) == len(NAMES) * len(KINDS)


def test_a_table_that_is_not_made_yet_is_left_for_the_next_time(account: Account) -> None:
    assert call() == {}
    account.make("silver.orders")
    assert list(call()) == ["silver.orders"]


def test_another_time_in_the_settings_changes_retention_alone(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.make("silver.orders")
    call()
    assert account.retention("silver.orders")["snapshotRetentionPeriodInDays"] == 5
    monkeypatch.setenv("SNAPSHOT_HOURS", "240")
    assert call() == {"silver.orders": ["change retention"]}
    assert account.retention("silver.orders")["snapshotRetentionPeriodInDays"] == 10


@pytest.mark.parametrize(("hours", "days"), [(24, 1), (25, 2), (120, 5), (121, 6)])
def test_no_snapshot_goes_before_its_hours_are_over(hours: int, days: int) -> None:
    retention = wanted_optimizers(ROLE, hours)["retention"]["retentionConfiguration"][
        "icebergConfiguration"
    ]
    assert retention["snapshotRetentionPeriodInDays"] == days
    assert retention["numberOfSnapshotsToRetain"] >= 100


HELD: dict[str, tuple[dict[str, Any], bool]] = {
    "the same": ({"enabled": True, "of": {"days": 5}}, True),
    "more than is asked": ({"enabled": True, "of": {"days": 5, "rate": 24}, "vpc": {}}, True),
    "another value": ({"enabled": True, "of": {"days": 6}}, False),
    "a part is missing": ({"enabled": True}, False),
    "switched off by hand": ({"enabled": False, "of": {"days": 5}}, False),
}


@pytest.mark.parametrize(("current", "held"), HELD.values(), ids=HELD)
def test_what_differs(current: dict[str, Any], held: bool) -> None:
    assert fulfils(current, {"enabled": True, "of": {"days": 5}}) is held

"""A deployment has arrived when its drivers work: a run that is alive may yet do nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from contracts.applications import APPLICATIONS
from lambdas.job_controller import handler
from lambdas.job_controller.drivers import Driver
from lambdas.job_controller.runs import JobRun, JobRunName
from lambdas.job_controller.wiring import seen_drivers

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
SUBMITTED = NOW - timedelta(minutes=3)
WORKS = Driver(
    "orders",
    "running",
    started_at=NOW - timedelta(minutes=2),
    heartbeat_at=NOW - timedelta(seconds=3),
    committed=True,
)
QUIET = replace(WORKS, committed=False)
RUNS = [
    JobRun(app.name, JobRunName(app.name, "0" * 16, 1), "running", SUBMITTED)
    for app in APPLICATIONS
]


@pytest.mark.parametrize(
    ("driver", "works"),
    [
        pytest.param(WORKS, True, id="it beats and has committed"),
        pytest.param(QUIET, False, id="no batch yet"),
        pytest.param(replace(WORKS, state="starting"), False, id="it still starts"),
        pytest.param(replace(WORKS, state="failed"), False, id="it has failed"),
        pytest.param(
            replace(WORKS, heartbeat_at=NOW - timedelta(seconds=59)), True, id="a late beat"
        ),
        pytest.param(
            replace(WORKS, heartbeat_at=NOW - timedelta(seconds=60)), False, id="no beat for long"
        ),
        pytest.param(replace(WORKS, started_at=SUBMITTED), True, id="began at once"),
        pytest.param(
            replace(WORKS, started_at=SUBMITTED - timedelta(seconds=1)),
            False,
            id="the driver of an older run",
        ),
    ],
)
def test_a_driver_works(driver: Driver, works: bool) -> None:
    assert driver.works(SUBMITTED, NOW, commits=True) is works


@pytest.mark.parametrize(
    ("changed", "arrived"),
    [
        ({}, True),
        ({"orders": QUIET}, False),
        ({"ingest": QUIET}, False),
        # The canary sends no clicks, and perhaps nobody does yet.
        ({"clicks": QUIET}, True),
        ({"clicks": replace(QUIET, state="starting")}, False),
        ({"clicks": None}, False),
    ],
)
def test_a_batch_is_asked_for_where_the_canary_sends(
    changed: dict[str, Driver | None], arrived: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {app.name: WORKS for app in APPLICATIONS} | changed
    seen = {name: driver for name, driver in given.items() if driver is not None}
    monkeypatch.setattr(handler, "seen_drivers", lambda: seen)
    assert handler._work([app.name for app in APPLICATIONS], RUNS, NOW) is arrived


@pytest.fixture
def stored(postgres: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("POSTGRES_URL", postgres)
    with psycopg.connect(postgres) as connection:
        for name, epoch in (("orders", 2), ("ingest", 3), ("clicks", 1)):
            connection.execute(
                "INSERT INTO applications (name, epoch, driver, state, started_at, heartbeat_at) "
                "VALUES (%s, %s, 'host', 'running', %s, %s)",
                (name, epoch, WORKS.started_at, WORKS.heartbeat_at),
            )
        for name, sequence, epoch in (("orders", 1, 1), ("orders", 2, 2), ("ingest", 1, 2)):
            connection.execute(
                "INSERT INTO journal (application, sequence, batch_id, epoch, ranges, counts, "
                "started_at) VALUES (%s, %s, 0, %s, '[]', '{}', %s)",
                (name, sequence, epoch, NOW),
            )
    yield postgres


def test_the_batch_of_a_former_driver_proves_nothing(stored: str) -> None:
    found = seen_drivers()
    assert found["orders"] == WORKS
    assert {name: driver.committed for name, driver in found.items()} == {
        "orders": True,
        "ingest": False,
        "clicks": False,
    }


def test_a_database_that_does_not_answer_lets_the_deployment_wait(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("POSTGRES_URL", "postgresql://a:b@127.0.0.1:1/shopstream")
    assert seen_drivers() == {}
    assert "does not answer" in caplog.text

"""`shopstream --aws ENV ...`: the function's own handler behind a client, on the laptop's store."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from contracts.applications import DEAD_AFTER_SECONDS
from contracts.errors import EnvironmentProblem, NotReady, ShopstreamError, Usage
from lambdas.operations import handler
from lambdas.operations.logic import Tail
from ops.commands import operations
from ops.main import on_aws, run
from tests.service_models import violations

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)


class Functions:
    """A client of Lambda whose functions run here."""

    def __init__(self, service: str, **_: Any) -> None:
        assert service == "lambda"
        self.fails: Exception | None = None
        self.answer: dict[str, Any] | None = None

    def invoke(self, **request: Any) -> dict[str, Any]:
        assert violations("lambda", "Invoke", request) == []
        assert request["FunctionName"] == "shopstream-dev-operations"
        if self.fails:
            raise self.fails
        if self.answer is not None:
            return self.answer
        found = handler.handle(json.loads(request["Payload"]), None)
        return {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(found).encode())}


@pytest.fixture
def environment(postgres: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[psycopg.Connection]:
    monkeypatch.setenv("POSTGRES_URL", postgres)
    monkeypatch.setenv("OPERATOR_URL", postgres)
    monkeypatch.setenv("KAFKA", "broker:1")
    monkeypatch.setenv("REGISTRY", "bundled")
    monkeypatch.setattr(operations.ask, "__defaults__", (Functions,))
    with psycopg.connect(postgres, autocommit=True) as connection:
        yield connection


def driver(connection: psycopg.Connection, name: str, state: str, silent: int = 0) -> None:
    connection.execute(
        "INSERT INTO applications (name, epoch, driver, state, started_at, heartbeat_at) "
        "VALUES (%s, 1, 'host', %s, %s, clock_timestamp() - %s * interval '1 second')",
        (name, state, NOW, silent),
    )


# The state of `ingest` and the seconds for which its heart was silent, and whether clicks has a
# driver.
@pytest.mark.parametrize(
    ("state", "silent", "clicks", "code"),
    [
        pytest.param("running", 0, True, 0, id="all run"),
        pytest.param("failed", 0, True, 1, id="one failed"),
        pytest.param("running", DEAD_AFTER_SECONDS + 1, True, 1, id="one was killed"),
        pytest.param("running", DEAD_AFTER_SECONDS - 20, True, 0, id="one is slow"),
        pytest.param("running", 0, False, 1, id="one was never started"),
    ],
)
def test_the_status_is_red_when_an_application_does_not_run(
    state: str, silent: int, clicks: bool, code: int, environment: psycopg.Connection
) -> None:
    driver(environment, "orders", "running")
    driver(environment, "ingest", state, silent)
    if clicks:
        driver(environment, "clicks", "running")
    assert run(["--aws", "dev", "status", "--json"]) == code


def test_the_status_has_a_row_for_each_driver(
    environment: psycopg.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    driver(environment, "orders", "running")
    driver(environment, "ingest", "failed")
    run(["--aws", "dev", "status", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert [(row["application"], row["state"]) for row in found] == [
        ("ingest", "failed"),
        ("orders", "running"),
    ]


def test_a_question_is_shown(
    environment: psycopg.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--aws", "dev", "sql", "SELECT 1.50::numeric AS revenue, NULL AS nothing"]) == 0
    out = capsys.readouterr().out
    assert "revenue" in out
    assert "1.50" in out


def test_a_remedy_of_the_runbook_is_a_command(
    environment: psycopg.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.execute("INSERT INTO published VALUES ('valkey', 7, now())")
    assert run(["--aws", "dev", "push-hot-answers", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [{"projection": "valkey", "changed_in": -1}]


@pytest.mark.usefixtures("environment")
def test_a_topic_s_records_are_a_line_each(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def records(wanted: Tail, kafka: str, _schemas: object) -> list[dict[str, Any]]:
        asked.append((wanted, kafka))
        return [{"offset": 1, "key": "a\x9b"}, {"offset": 2}]

    monkeypatch.setattr(handler, "newest", records)
    assert run(["--aws", "dev", "tail", "ecommerce-orders", "--limit", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == ['{"offset": 1, "key": "a\\u009b"}', '{"offset": 2}']
    assert asked == [(Tail("ecommerce-orders", 2), "broker:1")]


@pytest.mark.usefixtures("environment")
def test_an_answer_that_is_cut_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--aws", "dev", "sql", "SELECT generate_series(1, 1001)", "--json"]) == 0
    told = capsys.readouterr()
    assert len(json.loads(told.out)) == 1000
    assert "more rows" in told.err


@pytest.mark.usefixtures("environment")
def test_what_the_function_refuses_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--aws", "dev", "sql", "DELETE FROM journal"]) == 2
    assert "syntax error" in capsys.readouterr().err


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, "Invoke")


@pytest.mark.parametrize(
    ("fails", "kind"),
    [
        (refused("ResourceNotFoundException"), NotReady),
        (refused("AccessDeniedException"), EnvironmentProblem),
        (NoCredentialsError(), EnvironmentProblem),
    ],
)
def test_what_is_in_the_way_is_named(fails: Exception, kind: type[ShopstreamError]) -> None:
    client = Functions("lambda")
    client.fails = fails
    with pytest.raises(kind):
        operations.ask("dev", {"action": "status"}, lambda *_, **__: client)


def test_a_function_that_fails_is_an_error() -> None:
    client = Functions("lambda")
    body = io.BytesIO(b'{"errorMessage": "timed out"}')
    client.answer = {"FunctionError": "Unhandled", "Payload": body}
    with pytest.raises(ShopstreamError, match="timed out") as raised:
        operations.ask("dev", {"action": "status"}, lambda *_, **__: client)
    assert not isinstance(raised.value, Usage)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (["--aws", "dev", "status"], ["operations", "status", "--env", "dev"]),
        (
            ["--aws", "dev", "sql", "Q", "--json"],
            ["operations", "sql", "Q", "--json", "--env", "dev"],
        ),
        (["--aws"], ["operations", "--help"]),
        (["--aws", "dev"], ["operations", "--help"]),
        (["doctor", "--aws"], ["doctor", "--aws"]),
        (["status"], ["status"]),
    ],
)
def test_where_a_command_goes(given: list[str], meant: list[str]) -> None:
    assert on_aws(given) == meant

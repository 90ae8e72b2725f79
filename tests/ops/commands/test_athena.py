"""The lake on AWS: Athena's interface over DuckDB, each request one that Athena takes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from contracts.errors import ShopstreamError
from ops.commands import operations
from ops.commands.athena import MAX_ROWS, ask_lake
from ops.main import run
from tests.service_models import violations


class Athena:
    """Looks twice before a query has ended. `state` is how it ends."""

    def __init__(self, lake: duckdb.DuckDBPyConnection, state: str = "SUCCEEDED") -> None:
        self._lake, self._state, self._states = lake, state, iter(["QUEUED", "RUNNING"])

    def start_query_execution(self, **request: Any) -> dict[str, Any]:
        self._valid("StartQueryExecution", request)
        assert request["WorkGroup"] == "shopstream-dev-analysts"
        self._query = request["QueryString"]
        return {"QueryExecutionId": "0a"}

    def get_query_execution(self, **request: Any) -> dict[str, Any]:
        self._valid("GetQueryExecution", request)
        status = {"State": next(self._states, self._state), "StateChangeReason": "no such table"}
        return {"QueryExecution": {"Status": status}}

    def get_query_results(self, **request: Any) -> dict[str, Any]:
        self._valid("GetQueryResults", request)
        answer = self._lake.execute(self._query)
        names = [column[0] for column in answer.description or ()]
        rows = [names, *answer.fetchall()]
        shown = rows[: request["MaxResults"]]
        page: dict[str, Any] = {
            "ResultSet": {
                "Rows": [{"Data": [_cell(value) for value in row]} for row in shown],
                "ResultSetMetadata": {"ColumnInfo": [{"Name": name} for name in names]},
            }
        }
        return page | ({"NextToken": "more"} if len(rows) > len(shown) else {})

    def _valid(self, operation: str, request: dict[str, Any]) -> None:
        # botocore itself fills in the token of a start.
        assert violations("athena", operation, request) == []


def _cell(value: Any) -> dict[str, str]:
    return {} if value is None else {"VarCharValue": str(value)}


@pytest.fixture
def lake() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA bronze")
        connection.execute(
            "CREATE TABLE bronze.quarantine (topic text, reason text, append_time timestamp)"
        )
        connection.execute(
            "INSERT INTO bronze.quarantine VALUES ('t', 'not-avro', '2026-11-02'), "
            "('t', 'not-avro', '2026-11-03'), ('t', 'oversized', '2026-11-02')"
        )
        yield connection


def test_the_quarantine_is_counted_by_reason(
    lake: duckdb.DuckDBPyConnection,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(operations.boto3, "client", lambda _: Athena(lake))
    monkeypatch.setattr(operations.ask_lake, "__defaults__", (lambda _: None,))
    assert run(["--aws", "dev", "quarantine", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(row["topic"], row["reason"], row["records"]) for row in found] == [
        ("t", "not-avro", "2"),
        ("t", "oversized", "1"),
    ]


def test_it_waits_until_the_query_has_ended(lake: duckdb.DuckDBPyConnection) -> None:
    waited: list[float] = []
    answer = ask_lake("dev", "SELECT 1 AS a, NULL AS b", Athena(lake), waited.append)
    assert answer == {"columns": ["a", "b"], "rows": [["1", None]], "truncated": False}
    assert len(waited) == 2


@pytest.mark.parametrize(("rows", "truncated"), [(MAX_ROWS, False), (MAX_ROWS + 1, True)])
def test_one_page_is_shown(rows: int, truncated: bool, lake: duckdb.DuckDBPyConnection) -> None:
    query = f"SELECT unnest(range({rows})) AS a"
    answer = ask_lake("dev", query, Athena(lake), lambda _: None)
    assert (len(answer["rows"]), answer["truncated"]) == (MAX_ROWS, truncated)


@pytest.mark.parametrize(
    ("state", "says"), [("FAILED", "no such table"), ("RUNNING", "for five minutes")]
)
def test_a_query_that_does_not_end_well_is_an_error(
    state: str, says: str, lake: duckdb.DuckDBPyConnection
) -> None:
    with pytest.raises(ShopstreamError, match=says):
        ask_lake("dev", "SELECT 1", Athena(lake, state), lambda _: None)

"""How the answers of `sql` are shown: to people, to programs, to a spreadsheet."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from ops.commands.sql.command import plain, show, unique


@pytest.fixture
def session() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect(":memory:")
    connection.execute("SET TimeZone = 'UTC'")
    yield connection
    connection.close()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Decimal("15.30"), "15.30"),
        (Decimal("1E+3"), "1000"),
        (datetime(2020, 1, 2, 3, 4, 5, 6, tzinfo=UTC), "2020-01-02T03:04:05.000006Z"),
        (datetime.fromisoformat("2020-01-02T00:00"), "2020-01-02T00:00:00.000000"),
        (date(2020, 1, 2), "2020-01-02"),
        (b"\x00\xff", "00ff"),
        ([{"a": Decimal("1.0")}], [{"a": "1.0"}]),
        (None, None),
        (True, True),
        (1.5, 1.5),
        (math.nan, "nan"),
    ],
)
def test_values_as_json(value: Any, shown: Any) -> None:
    assert plain(value) == shown


def test_repeated_column_names_are_told_apart() -> None:
    assert unique(["a", "b", "a", "a_2", "a"]) == ["a", "b", "a_2", "a_2_2", "a_3"]


ANSWER = """
    SELECT 1.50::DECIMAL(18,2) AS a, 'x,"y"' AS b, NULL AS c,
           TIMESTAMPTZ '2020-01-01 00:00:00+00' AS a
"""


def test_an_answer_in_json(
    session: duckdb.DuckDBPyConnection, capsys: pytest.CaptureFixture[str]
) -> None:
    show(session.sql(ANSWER), "json")
    assert json.loads(capsys.readouterr().out) == [
        {"a": "1.50", "b": 'x,"y"', "c": None, "a_2": "2020-01-01T00:00:00.000000Z"}
    ]


def test_an_answer_in_csv(
    session: duckdb.DuckDBPyConnection, capsys: pytest.CaptureFixture[str]
) -> None:
    show(session.sql(ANSWER), "csv")
    assert capsys.readouterr().out.splitlines() == [
        "a,b,c,a",
        '1.50,"x,""y""",,2020-01-01T00:00:00.000000Z',
    ]


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        pytest.param("'=HYPERLINK(1)'", "'=HYPERLINK(1)", id="a formula"),
        pytest.param("'@SUM(1)'", "'@SUM(1)", id="an old formula"),
        pytest.param("'+49 1'", "'+49 1", id="begins with a sign"),
        pytest.param("'-x'", "'-x", id="begins with the other sign"),
        pytest.param("chr(9) || '=1'", "'\t=1", id="a tab before it"),
        pytest.param("'a=1'", "a=1", id="a sign within"),
        pytest.param("-1.50::DECIMAL(18,2)", "-1.50", id="a number below zero"),
        pytest.param("NULL::VARCHAR", "", id="nothing"),
    ],
)
def test_csv_for_a_spreadsheet_runs_no_text(
    session: duckdb.DuckDBPyConnection, capsys: pytest.CaptureFixture[str], column: str, cell: str
) -> None:
    show(session.sql(f'SELECT {column} AS "=a", 1 AS b'), "csv-safe")
    header, row = csv.reader(capsys.readouterr().out.splitlines())
    assert (header, row) == (["'=a", "b"], [cell, "1"])


def test_an_answer_as_a_table_says_when_it_is_cut(
    session: duckdb.DuckDBPyConnection, capsys: pytest.CaptureFixture[str]
) -> None:
    show(session.sql("SELECT * FROM range(1001) t(n)"), "table")
    captured = capsys.readouterr()
    assert len(captured.out.splitlines()) == 1001
    assert "first 1000 rows" in captured.err

"""Answers from clicks: what agrees is green, and Valkey holds each key as long as it lasts."""

from __future__ import annotations

import duckdb
import pytest

from proof.alerts.rules import default_rules
from proof.judging import judge
from proof.report import Report
from tests.proof.shop.records import REGISTRY
from tests.proof.shop.stores import Shop


def report_of(connection: duckdb.DuckDBPyConnection) -> Report:
    return judge(connection, REGISTRY, default_rules())


def red(report: Report) -> set[str]:
    return {check.name for level in report.levels for check in level.checks if not check.ok}


def test_stores_that_agree_are_green() -> None:
    report = report_of(Shop.visited().open())
    assert red(report) == set()
    assert report.words["silver"] == 5


HOT_VIEWS = "Valkey holds user:{user_id}:viewed as derived"


def test_a_key_that_no_answer_declares_is_red() -> None:
    connection = Shop.visited().open()
    connection.execute("INSERT INTO hot.unknown VALUES ('counter')")
    assert red(report_of(connection)) == {"Valkey holds nothing else"}


NO_VIEWS = "DELETE FROM hot.entries WHERE key LIKE '%:viewed'"


@pytest.mark.parametrize(
    ("later", "statement", "checks"),
    [
        pytest.param(
            23 * 60,
            NO_VIEWS,
            {HOT_VIEWS},
            id="still to be there",
        ),
        pytest.param(
            25 * 60,
            NO_VIEWS,
            set(),
            id="gone a day after the last view",
        ),
        pytest.param(25 * 60, "SELECT 1", {HOT_VIEWS}, id="should be gone"),
    ],
)
def test_what_is_viewed_goes_a_day_after_the_last_view(
    later: int, statement: str, checks: set[str]
) -> None:
    connection = Shop.visited().open()
    connection.execute(f"UPDATE hot.moment SET now_us = now_us + {later * 60_000_000}")
    connection.execute(statement)
    assert red(report_of(connection)) == checks

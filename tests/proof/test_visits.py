"""Answers from clicks: what agrees is green, and each thing altered is red in its own check."""

from __future__ import annotations

import duckdb
import pytest

from proof.alerts.rules import default_rules
from proof.judging import judge
from proof.report import Report
from tests.proof.shop import REGISTRY
from tests.proof.visits import open_visits


def report_of(connection: duckdb.DuckDBPyConnection) -> Report:
    return judge(connection, REGISTRY, default_rules())


def red(report: Report) -> set[str]:
    return {check.name for level in report.levels for check in level.checks if not check.ok}


def test_stores_that_agree_are_green() -> None:
    report = report_of(open_visits())
    assert red(report) == set()
    assert report.words["silver"] == 5


SESSIONS = "sessions in Postgres equal a recomputation from silver"
GOLD = "gold.sessions equals Postgres for closed sessions"
ACTIVITY = "product_activity in Postgres equals a recomputation from silver"
TRENDING = "trending in Postgres equals a recomputation from silver"
VIEWS = "recent_views in Postgres equal a recomputation from silver"
HOT_VIEWS = "Valkey holds what each user viewed last"
HOT_DAYS = "Valkey holds what happened to each product each day"
HOT_TRENDING = "Valkey holds what is wanted most of each category each hour"
NOTHING_ELSE = "Valkey holds nothing else"


@pytest.mark.parametrize(
    ("statement", "checks"),
    [
        pytest.param(
            "UPDATE answers.sessions SET revenue = 9.98 WHERE events = 4",
            {SESSIONS, GOLD},
            id="a session's revenue",
        ),
        pytest.param(
            "UPDATE answers.sessions SET absorbed = true WHERE events = 1",
            {SESSIONS},
            id="a session that is said to be part of another",
        ),
        pytest.param("DELETE FROM gold.sessions", {GOLD}, id="a closed session is not in gold"),
        pytest.param(
            "INSERT INTO gold.sessions FROM gold.sessions", {GOLD}, id="a session twice in gold"
        ),
        pytest.param(
            "UPDATE answers.product_activity SET views = views + 1 WHERE product_id = 'p-1'",
            {ACTIVITY},
            id="a view too many",
        ),
        pytest.param(
            "DELETE FROM answers.trending WHERE product_id = 'p-2'",
            {TRENDING},
            id="a score is gone",
        ),
        pytest.param(
            "UPDATE answers.recent_views SET viewed_at = viewed_at - INTERVAL 1 SECOND",
            {VIEWS},
            id="the times of the last views",
        ),
        pytest.param(
            "DELETE FROM hot.viewed WHERE product_id = 'p-1'",
            {HOT_VIEWS},
            id="a view lost in Valkey",
        ),
        pytest.param(
            "INSERT INTO hot.viewed VALUES ('sub_b', 'p-1', 1)", {HOT_VIEWS}, id="a user nobody saw"
        ),
        pytest.param(
            "UPDATE hot.product_day SET carts = 7 WHERE product_id = 'p-1'",
            {HOT_DAYS},
            id="a counter altered in Valkey",
        ),
        pytest.param(
            "UPDATE hot.product_day SET revenue = '{\"GBP\": 1}' WHERE product_id = 'p-2'",
            {HOT_DAYS},
            id="money altered in Valkey",
        ),
        pytest.param(
            "UPDATE hot.trending SET score = 1", {HOT_TRENDING}, id="scores altered in Valkey"
        ),
        pytest.param(
            "INSERT INTO hot.unknown VALUES ('counter')", {NOTHING_ELSE}, id="a key of another name"
        ),
    ],
)
def test_what_is_altered_is_red(statement: str, checks: set[str]) -> None:
    connection = open_visits()
    connection.execute(statement)
    assert red(report_of(connection)) == checks


@pytest.mark.parametrize(
    ("later", "statement", "checks"),
    [
        pytest.param(23 * 60, "DELETE FROM hot.viewed", {HOT_VIEWS}, id="still to be there"),
        pytest.param(25 * 60, "DELETE FROM hot.viewed", set(), id="gone a day after the last view"),
        pytest.param(25 * 60, "SELECT 1", {HOT_VIEWS}, id="should be gone"),
    ],
)
def test_what_is_viewed_goes_a_day_after_the_last_view(
    later: int, statement: str, checks: set[str]
) -> None:
    connection = open_visits()
    connection.execute(f"UPDATE hot.moment SET now_us = now_us + {later * 60_000_000}")
    connection.execute(statement)
    assert red(report_of(connection)) == checks

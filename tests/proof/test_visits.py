"""Answers from clicks: what agrees is green, and each thing altered is red in its own check."""

from __future__ import annotations

import duckdb
import pytest

from proof.alerts.rules import default_rules
from proof.judging import judge
from proof.report import Report
from tests.proof.shop import REGISTRY, Shop


def report_of(connection: duckdb.DuckDBPyConnection) -> Report:
    return judge(connection, REGISTRY, default_rules())


def red(report: Report) -> set[str]:
    return {check.name for level in report.levels for check in level.checks if not check.ok}


def test_stores_that_agree_are_green() -> None:
    report = report_of(Shop.visited().open())
    assert red(report) == set()
    assert report.words["silver"] == 5


SESSIONS = "sessions in Postgres equals what is derived from silver"
GOLD = "gold.sessions equals Postgres for closed rows"
LISTED = "gold.sessions lists as many products as it counts"
ACTIVITY = "product_activity in Postgres equals what is derived from silver"
TRENDING = "trending in Postgres equals what is derived from silver"
VIEWS = "recent_views in Postgres equals what is derived from silver"
HOT_VIEWS = "Valkey holds user:{user_id}:viewed as derived"
HOT_DAYS = "Valkey holds product:{product_id}:{day:%Y%m%d} as derived"
HOT_TRENDING = "Valkey holds trending:{category}:{hour:%Y%m%d%H} as derived"
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
            "DELETE FROM hot.entries WHERE key LIKE '%:viewed' AND entry = 'p-1'",
            {HOT_VIEWS},
            id="a view lost in Valkey",
        ),
        pytest.param(
            "INSERT INTO hot.entries FROM (SELECT * REPLACE ('user:{sub_b}:viewed' AS key) "
            "FROM hot.entries WHERE key LIKE '%:viewed')",
            {HOT_VIEWS},
            id="a user nobody saw",
        ),
        pytest.param(
            "UPDATE hot.entries SET value = 7 WHERE key LIKE '%p-1%' AND entry = 'carts'",
            {HOT_DAYS},
            id="a counter altered in Valkey",
        ),
        pytest.param(
            "UPDATE hot.entries SET value = 1 WHERE key LIKE '%p-2%' AND entry = 'revenue:GBP'",
            {HOT_DAYS},
            id="money altered in Valkey",
        ),
        pytest.param(
            "UPDATE hot.entries SET value = 1 WHERE key LIKE 'trending:%'",
            {HOT_TRENDING},
            id="scores altered in Valkey",
        ),
        pytest.param(
            "INSERT INTO hot.unknown VALUES ('counter')", {NOTHING_ELSE}, id="a key of another name"
        ),
    ],
)
def test_what_is_altered_is_red(statement: str, checks: set[str]) -> None:
    connection = Shop.visited().open()
    connection.execute(statement)
    assert red(report_of(connection)) == checks


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

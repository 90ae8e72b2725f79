"""Requests and answers of the API, on a real Postgres."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdas.query_api import handler
from lambdas.query_api.logic import PATHS, BadRequest, query

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
SPAN = {"from": "2026-11-02T11:00:00Z", "to": "2026-11-02T12:00:00Z"}


@pytest.fixture
def filled(postgres: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with psycopg.connect(postgres) as connection:
        for minute, category in [(1, "*"), (1, "Toys"), (2, "*"), (59, "*")]:
            start = NOW - timedelta(hours=1) + timedelta(minutes=minute)
            connection.execute(
                "INSERT INTO order_metrics (window_start, window_end, category, location, "
                "currency, region, order_count, revenue, unique_customers, cancelled_count, "
                "cancelled_amount, closed_at, revised, changed_in) VALUES "
                "(%s, %s, %s, 'France', 'EUR', 'Europe', 3, 0.10, 2, 0, 0, %s, 0, 1)",
                (start, start + timedelta(minutes=1), category, start + timedelta(seconds=90)),
            )
        connection.execute(
            "INSERT INTO alerts (alert_id, rule, rule_version, subject, severity, event_time, "
            "append_time, region, evidence, changed_in) VALUES (gen_random_uuid(), "
            "'order_amount', 1, 'order:1', 'high', %s, %s, 'Europe', %s, 1)",
            (NOW - timedelta(minutes=5), NOW, json.dumps({"total": "1530.00"})),
        )
        connection.execute(
            "INSERT INTO quality (topic, window_start, silver, duplicate, quarantine) VALUES "
            "('ecommerce-orders', %s, 90, 5, 5), ('ecommerce-orders', %s, 10, 0, 0)",
            (NOW - timedelta(minutes=10), NOW - timedelta(minutes=5)),
        )
    monkeypatch.setenv("POSTGRES_URL", postgres)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    handler._postgres.cache_clear()
    yield postgres
    handler._postgres().close()
    handler._postgres.cache_clear()


def get(path: str, **parameters: str) -> tuple[int, Any]:
    request = {"version": "2.0", "rawPath": path, "queryStringParameters": parameters or None}
    answer = handler.handle(request, None)
    return answer["statusCode"], json.loads(answer["body"])


def test_whole_orders_newest_first_with_money_as_text(filled: str) -> None:
    status, body = get("/metrics/orders", **SPAN)
    assert status == 200
    starts = [row["window_start"] for row in body["rows"]]
    assert starts == [f"2026-11-02T11:{minute}:00Z" for minute in ("59", "02", "01")]
    assert body["rows"][0] | {"revenue": "0.10", "average": "0.03"} == body["rows"][0]
    assert body["truncated"] is False


def test_one_category(filled: str) -> None:
    _, body = get("/metrics/orders", category="Toys", **SPAN)
    assert [(row["category"], row["order_count"]) for row in body["rows"]] == [("Toys", 3)]


@pytest.mark.parametrize(("limit", "truncated"), [("2", True), ("3", False), ("4", False)])
def test_an_answer_says_when_there_is_more(filled: str, limit: str, truncated: bool) -> None:
    _, body = get("/metrics/orders", limit=limit, **SPAN)
    assert (len(body["rows"]), body["truncated"]) == (min(int(limit), 3), truncated)


def test_alerts_with_their_evidence(filled: str) -> None:
    _, body = get("/alerts", severity="high", **SPAN)
    assert [row["evidence"] for row in body["rows"]] == [{"total": "1530.00"}]
    _, body = get("/alerts", severity="low", **SPAN)
    assert body["rows"] == []


def test_the_ledger_balances(filled: str) -> None:
    _, body = get("/ledger", **SPAN)
    assert body["rows"] == [
        {
            "topic": "ecommerce-orders",
            "bronze": 110,
            "silver": 100,
            "duplicate": 5,
            "quarantine": 5,
        }
    ]


def test_without_a_time_the_last_hour_is_asked_for() -> None:
    wanted = query("/alerts", {}, NOW)
    assert wanted is not None
    assert wanted.values[:2] == (NOW - timedelta(hours=1), NOW)


def test_an_offset_is_understood() -> None:
    wanted = query("/alerts", {"from": "2026-11-02T12:00:00+02:00"}, NOW)
    assert wanted is not None
    assert wanted.values[0] == NOW - timedelta(hours=2)


BAD = {
    "an unknown parameter": ("/alerts", {"colour": "red"}, "known: from, limit, rule"),
    "no time": ("/alerts", {"from": "yesterday"}, "from: a time such as"),
    "a time without its offset": ("/alerts", {"from": "2026-11-02T12:00:00"}, "with its offset"),
    "the end before the begin": ("/ledger", {"from": SPAN["to"], "to": SPAN["from"]}, "not before"),
    "no rows": ("/alerts", {"limit": "0"}, "1 to 1000"),
    "too many rows": ("/alerts", {"limit": "1001"}, "1 to 1000"),
    "digits of another script": ("/alerts", {"limit": "٣"}, "1 to 1000"),
    "very many digits": ("/alerts", {"limit": "1" * 5000}, "1 to 1000"),
    "zeros before too many rows": ("/alerts", {"limit": "000001000999999"}, "1 to 1000"),
    "zeros before very many digits": ("/alerts", {"limit": "0" * 9 + "1" * 5000}, "1 to 1000"),
    "before the calendar": ("/alerts", {"from": "0001-01-01T00:00:00+14:00"}, "from: outside"),
    "after the calendar": ("/alerts", {"to": "9999-12-31T23:59:59-01:00"}, "to: outside"),
    "nothing before the end": ("/alerts", {"to": "0001-01-01T00:00:00Z"}, "is not before"),
    "a span of years": ("/ledger", {"from": "2020-01-01T00:00:00Z"}, "at most 31 days apart"),
    "an unknown severity": ("/alerts", {"severity": "awful"}, "low, medium, high"),
    "an unknown topic": ("/ledger", {"topic": "ecommerce-alerts"}, "ecommerce-clicks"),
    "an empty category": ("/metrics/orders", {"category": ""}, "category is empty"),
    "a byte that is no text": ("/metrics/orders", {"category": "a\0"}, "category is empty or"),
}


@pytest.mark.parametrize(("path", "parameters", "said"), BAD.values(), ids=BAD)
def test_nonsense_is_answered_with_what_is_expected(
    path: str, parameters: dict[str, str], said: str
) -> None:
    status, body = get(path, **parameters)
    assert status == 400
    assert said in body["error"]


def test_another_path_is_answered_with_the_known() -> None:
    assert get("/users") == (404, {"error": f"no such path; known: {', '.join(PATHS)}"})


@given(
    st.sampled_from(PATHS),
    st.dictionaries(
        st.sampled_from(["from", "to", "limit", "category", "severity", "rule", "topic"]),
        st.text(max_size=20),
    ),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
def test_a_value_is_never_part_of_a_statement(path: str, parameters: dict[str, str]) -> None:
    """Whatever is asked, the statement is one of few; what was given is beside it."""
    try:
        wanted = query(path, parameters, NOW)
    except BadRequest:
        return
    assert wanted is not None
    assert wanted.sql.count("%s") == len(wanted.values)
    names = parameters.keys() - {"from", "to", "limit"}
    same = (
        query(path, {name: "high" if name == "severity" else "x" for name in names} | {}, NOW)
        if "topic" not in names
        else wanted
    )
    assert same is not None
    assert wanted.sql == same.sql


def test_a_connection_that_broke_is_made_anew(filled: str) -> None:
    assert get("/ledger", **SPAN)[0] == 200
    with psycopg.connect(filled, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert get("/ledger", **SPAN)[0] == 200


def test_without_a_database_the_caller_is_told_to_come_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("POSTGRES_URL", "postgresql://x:y@127.0.0.1:1/x")
    handler._postgres.cache_clear()
    status, body = get("/ledger")
    handler._postgres.cache_clear()
    assert (status, body) == (503, {"error": "the database cannot answer now"})

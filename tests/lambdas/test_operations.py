"""What operators ask, answered by a real Postgres; whatever they send changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from lambdas.operations import handler, logic
from lambdas.operations.logic import MAX_BYTES, MAX_ROWS, document, newest_that_fit

NOWHERE = "postgresql://a:b@127.0.0.1:1/shopstream"
NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)


@pytest.fixture
def filled(postgres: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("POSTGRES_URL", postgres)
    monkeypatch.setenv("OPERATOR_URL", NOWHERE)
    monkeypatch.setenv("REGISTRY", "bundled")
    monkeypatch.setenv("KAFKA", "nowhere")
    with psycopg.connect(postgres) as connection:
        for name, state in (("orders", "running"), ("ingest", "failed")):
            connection.execute(
                "INSERT INTO applications (name, epoch, driver, state, started_at, heartbeat_at) "
                "VALUES (%s, 2, 'host', %s, %s, clock_timestamp())",
                (name, state, NOW),
            )
        for sequence in (1, 2):
            connection.execute(
                "INSERT INTO journal (application, sequence, batch_id, epoch, ranges, counts, "
                "started_at, committed_at) VALUES ('orders', %s, 0, 2, '[]', '{}', %s, %s)",
                (sequence, NOW, NOW + timedelta(seconds=sequence)),
            )
    yield postgres


def ask(**request: Any) -> dict[str, Any]:
    return handler.handle(request, None)


def test_the_status_of_each_application(filled: str) -> None:
    answer = ask(action="status")
    rows = [dict(zip(answer["columns"], row, strict=True)) for row in answer["rows"]]
    assert [(row["application"], row["state"]) for row in rows] == [
        ("ingest", "failed"),
        ("orders", "running"),
    ]
    assert rows[0]["batches"] is None
    assert (rows[1]["batches"], rows[1]["last_commit"]) == (2, "2026-11-02T12:00:02Z")
    assert 0 <= rows[1]["silent_seconds"] < 60
    assert answer["truncated"] is False


def test_a_question_is_answered_with_money_as_text(filled: str) -> None:
    answer = ask(action="sql", query="SELECT 1.50::numeric(18,2) AS revenue, 'a%b' AS text;")
    assert answer == {"columns": ["revenue", "text"], "rows": [["1.50", "a%b"]], "truncated": False}


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        ({}, "no action None; known: status, sql, tail, push-hot-answers"),
        ({"action": "drop"}, "no action 'drop'"),
        ({"action": "sql"}, "the query is missing"),
        ({"action": "sql", "query": " "}, "the query is missing"),
        ({"action": "tail"}, "the topic is missing"),
        ({"action": "tail", "topic": "a", "last": 0}, "last is 1 to 100"),
        ({"action": "tail", "topic": "a", "last": 101}, "last is 1 to 100"),
        ({"action": "tail", "topic": "a", "last": "5"}, "last is 1 to 100"),
        ({"action": "sql", "query": "SELEC 1"}, "syntax error"),
        ({"action": "sql", "query": "DELETE FROM journal RETURNING 1"}, "syntax error"),
        ({"action": "sql", "query": "SELECT nextval('outbox_sequence')"}, "read-only"),
        ({"action": "sql", "query": "SELECT 1; DELETE FROM journal"}, "multiple commands"),
    ],
)
def test_what_is_refused_changes_nothing(request_: dict[str, Any], says: str, filled: str) -> None:
    assert says in ask(**request_)["error"]
    with psycopg.connect(filled) as connection:
        assert connection.execute("SELECT count(*) FROM journal").fetchone() == (2,)


def test_a_remedy_does_what_the_runbook_asks_for_and_nothing_else(
    filled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As another user than the one who reads."""
    monkeypatch.setenv("OPERATOR_URL", filled)
    monkeypatch.setenv("POSTGRES_URL", NOWHERE)
    with psycopg.connect(filled, autocommit=True) as connection:
        for name in ("valkey", "gold.sessions"):
            connection.execute("INSERT INTO published VALUES (%s, 7, %s)", (name, NOW))
        answer = ask(action="push-hot-answers", query="SELECT 1")
        assert answer["rows"] == [["valkey", -1]]
        left = connection.execute("SELECT table_name, changed_in, closed_until FROM published")
        assert sorted(left) == [("gold.sessions", 7, NOW), ("valkey", -1, NOW)]


def test_a_database_that_does_not_answer_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTGRES_URL", NOWHERE)
    assert ask(action="status")["error"].startswith("Postgres: ")


@pytest.mark.parametrize(
    ("rows", "shown", "truncated"),
    [
        pytest.param(MAX_ROWS, MAX_ROWS, False, id="all that fit"),
        pytest.param(MAX_ROWS + 1, MAX_ROWS, True, id="one more"),
    ],
)
def test_an_answer_has_so_many_rows(rows: int, shown: int, truncated: bool, filled: str) -> None:
    answer = ask(action="sql", query=f"SELECT generate_series(1, {rows})")
    assert (len(answer["rows"]), answer["truncated"]) == (shown, truncated)


def test_an_answer_is_no_longer_than_a_function_may_give(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logic, "MAX_BYTES", len('["1.00"]') * 2)
    answer = document(["a"], [(Decimal("1.00"),)] * 3)
    assert (len(answer["rows"]), answer["truncated"]) == (2, True)


def test_money_within_lists_and_objects_is_text_too() -> None:
    row = ([Decimal("1.00"), None], {"at": [datetime(2026, 1, 1, tzinfo=UTC)]})
    assert document(["a", "b"], [row])["rows"] == [
        [["1.00", None], {"at": ["2026-01-01T00:00:00Z"]}]
    ]


def test_of_many_records_the_newest_are_shown() -> None:
    large = [{"offset": offset, "event": "x" * (MAX_BYTES // 3)} for offset in range(4)]
    answer = newest_that_fit(large)
    assert ([each["offset"] for each in answer["records"]], answer["truncated"]) == ([2, 3], True)
    assert newest_that_fit(large[:2]) == {"records": large[:2], "truncated": False}
    assert newest_that_fit([]) == {"records": [], "truncated": False}

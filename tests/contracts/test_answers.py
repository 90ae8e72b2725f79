"""The tables of answers: found by file name, and consistent in what they declare."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from contracts.applications import application
from contracts.tables import questions
from contracts.tables.answer import Answer, Gold
from contracts.tables.questions import ANSWERS
from contracts.tables.questions.product_activity import PRODUCT_DAY
from contracts.tables.questions.recent_views import VIEWED
from contracts.tables.questions.trending import ANSWER as TRENDING
from contracts.tables.questions.trending import TRENDING_IN_HOUR

every_answer = pytest.mark.parametrize("answer", ANSWERS, ids=lambda each: each.question)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_question_is_named_as_its_file() -> None:
    files = Path(str(questions.__file__)).parent.glob("[a-z]*.py")
    assert [answer.question for answer in ANSWERS] == sorted(file.stem for file in files)


@every_answer
def test_every_column_is_proved_or_says_why_not(answer: Answer) -> None:
    assert {column.name for column in answer.proved} | set(answer.unproved) == set(
        answer.table.names
    )
    assert all(reason for reason in answer.unproved.values())


@every_answer
def test_only_an_application_that_pushes_to_the_hot_store_has_keys_there(answer: Answer) -> None:
    assert application(answer.application).hot or not answer.hot


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"closes": "ended_at"}, id="the column that closes"),
        pytest.param({"unproved": {"evidence": "why"}}, id="an unproved column"),
        pytest.param({"gold": Gold(day="day")}, id="a gold table without a region"),
        pytest.param({"hot": (VIEWED,)}, id="a column of a key"),
        pytest.param({"hot": (replace(VIEWED, template="{hour}"),)}, id="a member of a set"),
        pytest.param({"hot": (replace(PRODUCT_DAY, moment="hour"),)}, id="a sum of a hash"),
        pytest.param(
            {"table": replace(TRENDING.table, key=("category", "day"))}, id="a column of the key"
        ),
    ],
)
def test_a_column_that_the_table_lacks_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="trending: no column"):
        replace(TRENDING, **changed)


@pytest.mark.parametrize(
    ("keys", "values", "key", "parts"),
    [
        (VIEWED, ("u",), "user:{u}:viewed", {"user_id": "u"}),
        (
            PRODUCT_DAY,
            ("p}", NOON),
            "product:{p}}:20260301",
            {"product_id": "p}", "day": "20260301"},
        ),
        (
            TRENDING_IN_HOUR,
            ("a:b\n", NOON),
            "trending:{a:b\n}:2026030112",
            {"category": "a:b\n", "hour": "2026030112"},
        ),
    ],
    ids=["a user", "a product and day", "a category and hour"],
)
def test_a_key_is_read_as_it_was_made(
    keys: Any, values: tuple[object, ...], key: str, parts: dict[str, str]
) -> None:
    assert keys.key(*values) == key
    found = keys.pattern.fullmatch(key)
    assert found is not None and found.groupdict() == parts

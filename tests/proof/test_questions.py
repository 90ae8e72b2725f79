"""Each question's proof is tried: whatever is altered in a row of its answer turns the proof red.

The questions, their stores and their columns are found, so a new question is tried without an edit.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import duckdb
import pytest

from contracts.tables.answer import Answer
from contracts.tables.columns import Column
from contracts.tables.questions import ANSWERS
from proof.alerts.rules import default_rules
from proof.checks import check
from proof.comparing import checks_of, copied
from proof.judging import unproved
from proof.questions import find_proofs
from tests.proof.alterations import altered
from tests.proof.shop.filled import filled

PROOFS = find_proofs(default_rules())
BY_QUESTION = {answer.question: answer for answer in ANSWERS}

every_question = pytest.mark.parametrize("question", BY_QUESTION)


@cache
def stores() -> duckdb.DuckDBPyConnection:
    return filled()


def red(answer: Answer, *statements: str, checks: str = "") -> bool:
    """Whether the question's proof is red once the statements are done; they are undone. Only those
    of its checks count whose name has `checks` in it."""
    connection = stores()
    connection.execute("BEGIN")
    try:
        for statement in statements:
            connection.execute(statement)
        sections = checks_of(answer, PROOFS[answer.question])
        found = [check(connection, one) for one in sections if checks in one.name]
        assert all(one.expected for one in found), f"nothing was compared: {found}"
        return not all(one.ok for one in found)
    finally:
        connection.execute("ROLLBACK")


def kinds(relation: str, columns: tuple[Column, ...]) -> list[int]:
    """One row of each kind: an alert of a window is of another kind than one without, and a row
    without placed orders of another than one with them."""
    nulls = [f"{column.name} IS NULL" for column in columns if column.nullable] or ["true"]
    rows = stores().execute(f"SELECT min(rowid) FROM {relation} GROUP BY {', '.join(nulls)}")
    return [row for (row,) in rows.fetchall()]


def changes(relation: str, columns: tuple[Column, ...], key: tuple[str, ...]) -> Iterator[str]:
    """Each column of a row of each kind altered, the row removed, and another one added."""
    values = {column.name: altered(column) for column in columns}
    keys = ", ".join(f"{values[name]} AS {name}" for name in key)
    for row in kinds(relation, columns):
        one = f"rowid = {row}"
        for name, value in values.items():
            yield f"UPDATE {relation} SET {name} = {value} WHERE {one}"
        yield f"DELETE FROM {relation} WHERE {one}"
        yield f"INSERT INTO {relation} SELECT * REPLACE ({keys}) FROM {relation} WHERE {one}"


def test_there_are_rows_of_each_kind() -> None:
    answers = {question: answer.table for question, answer in BY_QUESTION.items()}
    found = {
        question: len(kinds(f"answers.{table.name}", table.columns))
        for question, table in answers.items()
    }
    assert (found["fraud_alerts"], found["order_metrics"], found["quality"]) == (2, 2, 1)


def unseen(answer: Answer, checks: str, statements: Iterator[str]) -> list[str]:
    return [each for each in statements if not red(answer, each, checks=checks)]


@every_question
def test_stores_as_derived_are_green(question: str) -> None:
    assert not red(BY_QUESTION[question])


@every_question
def test_each_change_of_the_answer_in_postgres_is_red(question: str) -> None:
    answer = BY_QUESTION[question]
    table = f"answers.{answer.table.name}"
    # Gold would differ from Postgres too; here silver alone must decide.
    beside_silver = f"{question} in Postgres"
    assert unseen(answer, beside_silver, changes(table, answer.proved, answer.table.key)) == []


@pytest.mark.parametrize("question", [one.question for one in ANSWERS if one.gold])
def test_each_change_of_the_answer_in_gold_is_red(question: str) -> None:
    answer = BY_QUESTION[question]
    gold = answer.gold_table
    assert gold is not None
    assert unseen(answer, gold.name, changes(gold.name, copied(gold.columns), gold.key)) == []
    assert red(answer, f"INSERT INTO {gold.name} FROM {gold.name} LIMIT 1")


@pytest.mark.parametrize("question", [one.question for one in ANSWERS if one.hot])
def test_each_change_of_the_answer_in_the_hot_store_is_red(question: str) -> None:
    answer = BY_QUESTION[question]
    for keys in answer.hot:
        one = f"rowid = (SELECT min(rowid) FROM hot.entries WHERE template = '{keys.template}')"
        another = "INSERT INTO hot.entries SELECT * REPLACE (entry || 'x' AS entry)"
        assert red(answer, f"UPDATE hot.entries SET value = value + 1 WHERE {one}")
        assert red(answer, f"UPDATE hot.entries SET entry = entry || 'x' WHERE {one}")
        assert red(answer, f"UPDATE hot.entries SET key = key || 'x' WHERE {one}")
        assert red(answer, f"DELETE FROM hot.entries WHERE {one}")
        assert red(answer, f"{another} FROM hot.entries WHERE {one}")


@every_question
def test_what_is_unproved_says_why(question: str) -> None:
    answer = BY_QUESTION[question]
    assert all(reason for reason in answer.unproved.values())
    assert not set(answer.unproved) & set(answer.table.key)


def test_a_table_of_answers_without_a_proof_is_named() -> None:
    assert unproved(ANSWERS, PROOFS) == ()
    rest = PROOFS.keys() - {"trending"}
    assert unproved(ANSWERS, rest) == ("trending",)

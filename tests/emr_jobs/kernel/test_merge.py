"""The merge vocabulary: as SQL text, and as a fold with its laws."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.tables import Column, Table
from emr_jobs.kernel.merge import Merge, MergeRule, greatest, keep, least, replace, total
from emr_jobs.questions import fraud_alerts, order_metrics
from emr_jobs.stores.postgres_merge import merge_sql

SALES = Table(
    "sales",
    "one row per day",
    (
        Column("day", "timestamp"),
        Column("n", "bigint"),
        Column("region", "text"),
        Column("largest", "money", nullable=True),
        Column("seen_first", "timestamp"),
        Column("written_at", "timestamp", default="now()"),
        Column("average", "money", generated="n / 2"),
    ),
    key=("day",),
)
FRAUD_ALERTS, ORDER_METRICS = fraud_alerts.QUESTION.merge, order_metrics.QUESTION.merge
assert isinstance(FRAUD_ALERTS, Merge) and isinstance(ORDER_METRICS, Merge)
RULES = {"n": total, "region": least, "largest": greatest, "seen_first": keep}


def test_the_statement_merges_each_column_by_its_rule() -> None:
    assert merge_sql(Merge(SALES, RULES), "staged") == (
        'INSERT INTO sales AS stored ("day", "n", "region", "largest", "seen_first")\n'
        'SELECT "day", "n", "region", "largest", "seen_first" FROM staged\n'
        'ON CONFLICT ("day") DO UPDATE SET\n'
        '  "n" = stored."n" + excluded."n",\n'
        '  "region" = LEAST(stored."region" COLLATE "C", excluded."region" COLLATE "C"),\n'
        '  "largest" = GREATEST(stored."largest", excluded."largest")'
    )


def test_rows_that_are_never_changed_conflict_with_nothing() -> None:
    statement = merge_sql(FRAUD_ALERTS, "staged")
    assert statement.endswith('ON CONFLICT ("alert_id") DO NOTHING')


@pytest.mark.parametrize(
    ("rules", "named"),
    [
        pytest.param({**RULES, "missing": total}, "missing", id="a column the table lacks"),
        pytest.param({"n": total}, "largest, region, seen_first", id="columns without a rule"),
        pytest.param({**RULES, "day": keep}, "day", id="a rule for the key"),
        pytest.param({**RULES, "written_at": keep}, "written_at", id="a rule for a default"),
        pytest.param({**RULES, "average": total}, "average", id="a rule for a generated column"),
    ],
)
def test_rules_must_match_the_table(rules: dict[str, MergeRule], named: str) -> None:
    with pytest.raises(ValueError, match=f"sales: rules and columns differ in {named}"):
        Merge(SALES, rules)


def test_what_follows_from_others_has_a_rule_unasked() -> None:
    assert ORDER_METRICS.sketches == {"customers": "unique_customers"}
    assert set(ORDER_METRICS.rules) == set(ORDER_METRICS.given) - set(ORDER_METRICS.into.key)
    assert ORDER_METRICS.rules["changed_in"] == ORDER_METRICS.rules["unique_customers"] == replace


def test_a_row_that_never_changes_tells_when_it_came() -> None:
    assert "changed_in" not in FRAUD_ALERTS.rules


@pytest.mark.parametrize(
    ("rule", "stored", "new", "merged"),
    [
        pytest.param(total, 2, 3, 5, id="total adds"),
        pytest.param(greatest, None, 3, 3, id="greatest of nothing and a value"),
        pytest.param(greatest, 5, None, 5, id="greatest of a value and nothing"),
        pytest.param(least, None, None, None, id="least of nothing"),
        pytest.param(least, 2, 3, 2, id="least"),
        pytest.param(replace, 2, 3, 3, id="the new one replaces"),
        pytest.param(keep, 2, 3, 2, id="the stored one is kept"),
    ],
)
def test_folds(rule: MergeRule, stored: Any, new: Any, merged: Any) -> None:
    assert rule.fold(stored, new) == merged


@pytest.mark.parametrize("rule", [total, greatest, least], ids=lambda rule: rule.name)
@given(data=st.data())
def test_folds_do_not_depend_on_order_or_grouping(rule: MergeRule, data: st.DataObject) -> None:
    values = st.integers() if rule is total else st.none() | st.integers()
    a, b, c = (data.draw(values) for _ in range(3))
    assert rule.fold(a, b) == rule.fold(b, a)
    assert rule.fold(rule.fold(a, b), c) == rule.fold(a, rule.fold(b, c))


def test_rows_that_change_are_not_announced() -> None:
    question = order_metrics.QUESTION
    assert dataclasses.replace(question, announces=None) == question
    with pytest.raises(ValueError, match="order_metrics: rows that are announced must never"):
        dataclasses.replace(question, announces=fraud_alerts.QUESTION.announces)

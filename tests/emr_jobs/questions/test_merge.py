"""The merge vocabulary: as SQL text, and as a fold with its laws."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.tables import Column, Table, answer_of
from emr_jobs.questions import fraud_alerts, order_metrics
from emr_jobs.questions.merge import (
    Merge,
    Rule,
    greatest,
    keep,
    least,
    merge_sql,
    replace,
    total,
    union_sketch,
)

ORDER_METRICS = answer_of("order_metrics").table
SALES = Table(
    "sales",
    "one row a day",
    (
        Column("day", "timestamp"),
        Column("n", "bigint"),
        Column("place", "text"),
        Column("largest", "money", nullable=True),
        Column("seen_first", "timestamp"),
        Column("written_at", "timestamp", default="now()"),
        Column("average", "money", generated="n / 2"),
    ),
    key=("day",),
)
RULES = {"n": total, "place": least, "largest": greatest, "seen_first": keep}


def test_the_statement_merges_each_column_by_its_rule() -> None:
    assert merge_sql(Merge(SALES, RULES), "staged") == (
        'INSERT INTO sales AS stored ("day", "n", "place", "largest", "seen_first")\n'
        'SELECT "day", "n", "place", "largest", "seen_first" FROM staged\n'
        'ON CONFLICT ("day") DO UPDATE SET\n'
        '  "n" = stored."n" + excluded."n",\n'
        '  "place" = LEAST(stored."place" COLLATE "C", excluded."place" COLLATE "C"),\n'
        '  "largest" = GREATEST(stored."largest", excluded."largest")'
    )


def test_rows_that_are_never_changed_conflict_with_nothing() -> None:
    statement = merge_sql(fraud_alerts.MERGE, "staged")
    assert statement.endswith('ON CONFLICT ("alert_id") DO NOTHING')


@pytest.mark.parametrize(
    ("rules", "named"),
    [
        pytest.param({**RULES, "missing": total}, "missing", id="a column the table lacks"),
        pytest.param({"n": total}, "largest, place, seen_first", id="columns without a rule"),
        pytest.param({**RULES, "day": keep}, "day", id="a rule for the key"),
        pytest.param({**RULES, "written_at": keep}, "written_at", id="a rule for a default"),
        pytest.param({**RULES, "average": total}, "average", id="a rule for a generated column"),
    ],
)
def test_rules_must_match_the_table(rules: dict[str, Rule], named: str) -> None:
    with pytest.raises(ValueError, match=f"sales: rules and columns differ in {named}"):
        Merge(SALES, rules)


def test_the_columns_of_a_rule() -> None:
    assert order_metrics.MERGE.of(union_sketch) == ("customers",)
    assert order_metrics.MERGE.of(keep) == ("window_end", "closed_at")


def test_every_given_column_of_the_metrics_is_merged() -> None:
    given_names = {column.name for column in order_metrics.MERGE.given}
    assert given_names == {*order_metrics.MERGE.columns, *ORDER_METRICS.key}


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
def test_folds(rule: Rule, stored: Any, new: Any, merged: Any) -> None:
    assert rule.fold(stored, new) == merged


@pytest.mark.parametrize("rule", [total, greatest, least], ids=lambda rule: rule.name)
@given(data=st.data())
def test_folds_do_not_depend_on_order_or_grouping(rule: Rule, data: st.DataObject) -> None:
    values = st.integers() if rule is total else st.none() | st.integers()
    a, b, c = (data.draw(values) for _ in range(3))
    assert rule.fold(a, b) == rule.fold(b, a)
    assert rule.fold(rule.fold(a, b), c) == rule.fold(a, rule.fold(b, c))

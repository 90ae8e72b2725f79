"""What each category earns in each sliding minute: boundaries by name."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import SparkSession

from contracts.events import CANARY, Order, OrderLine, Source
from emr_jobs.kernel.question import Settings
from emr_jobs.kernel.sketches import sketch_estimate
from emr_jobs.questions.order_metrics import QUESTION
from tests.spark.metric_rows import KEY, Answers, counted, moment
from tests.spark.orders import MINUTE, NOON, line, order
from tests.spark.rows import event_frame
from tests.spark.session import SPARK

pytestmark = SPARK

SECOND = 1_000_000
HALF_MINUTE = 30 * SECOND


def answers(spark: SparkSession, *appended: Order | tuple[Order, int]) -> Answers:
    """Partial answers by key; an order alone is appended as it happens."""
    pairs = [each if isinstance(each, tuple) else (each, each.event_time) for each in appended]
    rows = QUESTION.prepare(Settings())(event_frame(spark, pairs)).toArrow().to_pylist()
    found = {tuple(row[name] for name in KEY): counted(row) for row in rows}
    assert len(found) == len(rows), "a key twice"
    return found


def at(start: int, category: str = "*", location: str = "United Kingdom") -> tuple[Any, ...]:
    return (moment(start), category, location, "GBP")


def test_the_columns_are_those_of_the_table_but_what_the_store_fills(spark: SparkSession) -> None:
    frame = QUESTION.prepare(Settings())(event_frame(spark, [(order(), NOON)]))
    assert {*frame.columns, "changed_in"} == set(QUESTION.merge.given)
    kinds = dict(frame.dtypes)
    assert {kinds[name] for name in ("revenue", "largest", "smallest", "cancelled_amount")} == {
        "decimal(18,2)"
    }


def test_one_order(spark: SparkSession) -> None:
    found = answers(spark, order())
    expected = {
        "window_end": moment(NOON + MINUTE),
        "region": "Europe",
        "order_count": 1,
        "revenue": Decimal("10.00"),
        "largest": Decimal("10.00"),
        "smallest": Decimal("10.00"),
        "cancelled_count": 0,
        "cancelled_amount": Decimal("0.00"),
        "closed_at": moment(NOON + MINUTE + HALF_MINUTE),
        "revised": 0,
        "unique_customers": 1,
    }
    assert found[at(NOON)] == expected
    assert found[at(NOON, "Toys")] == expected
    assert set(found) == {at(NOON - back, c) for back in (0, HALF_MINUTE) for c in ("*", "Toys")}


@pytest.mark.parametrize(
    ("after", "starts"),
    [
        pytest.param(0, [-30, 0], id="at a window's start"),
        pytest.param(HALF_MINUTE - 1, [-30, 0], id="the last microsecond before the next slide"),
        pytest.param(HALF_MINUTE, [0, 30], id="exactly 30 s after the start"),
        pytest.param(MINUTE - 1, [0, 30], id="the last microsecond of the window"),
        pytest.param(MINUTE, [30, 60], id="at the window's end"),
    ],
)
def test_windows_hold_their_start_and_not_their_end(
    spark: SparkSession, after: int, starts: list[int]
) -> None:
    found = answers(spark, order(event_time=NOON + after))
    assert {key[0] for key in found} == {moment(NOON + start * SECOND) for start in starts}


@pytest.mark.parametrize(
    ("lines", "amounts"),
    [
        pytest.param([line("A"), line("A")], {"*": "20.00", "A": "20.00"}, id="two of a category"),
        pytest.param(
            [line("A"), line("B"), line("A")],
            {"*": "30.00", "A": "20.00", "B": "10.00"},
            id="two categories",
        ),
        pytest.param(
            [line("A", 1, 50), line("A", 1, 50)],
            {"*": "0.02", "A": "0.02"},
            id="half a cent is rounded up line by line",
        ),
        pytest.param([line("A", 1, 149)], {"*": "0.01", "A": "0.01"}, id="less than half a cent"),
        pytest.param(
            [line("A", 2), line("A", -1), line("B", 1, 0)],
            {"*": "10.00", "A": "10.00", "B": "0.00"},
            id="goods that came back and a present",
        ),
        pytest.param([line("*")], {"*": "10.00"}, id="a category that is called *"),
    ],
)
def test_an_order_counts_once_in_each_category_with_its_amount_there(
    spark: SparkSession, lines: list[OrderLine], amounts: dict[str, str]
) -> None:
    found = answers(spark, order(*lines))
    here = {key[1]: row for key, row in found.items() if key[0] == moment(NOON)}
    assert {category: row["order_count"] for category, row in here.items()} == dict.fromkeys(
        amounts, 1
    )
    assert {category: str(row["revenue"]) for category, row in here.items()} == amounts
    assert {category: str(row["largest"]) for category, row in here.items()} == amounts


def test_only_cancelled(spark: SparkSession) -> None:
    row = answers(spark, order(line(quantity=-2), kind="cancelled"))[at(NOON)]
    shown = {name: row[name] for name in ("order_count", "largest", "smallest", "unique_customers")}
    assert shown == {"order_count": 0, "largest": None, "smallest": None, "unique_customers": 0}
    assert (row["cancelled_count"], row["cancelled_amount"]) == (1, Decimal("20.00"))
    assert row["revenue"] == 0


@pytest.mark.parametrize(
    "unseen",
    [
        pytest.param({"kind": "adjustment"}, id="an adjustment"),
        pytest.param({"source": Source("run-1", CANARY, 1)}, id="the canary's"),
    ],
)
def test_what_is_in_no_metric(spark: SparkSession, unseen: dict[str, Any]) -> None:
    assert answers(spark, order(**unseen)) == {}


def test_orders_without_a_customer_are_counted_but_not_as_customers(spark: SparkSession) -> None:
    row = answers(spark, order(customer_id=None), order(customer_id="c-1"), order())[at(NOON)]
    assert (row["order_count"], row["unique_customers"]) == (3, 1)


def test_nobody_known_is_no_sketch(spark: SparkSession) -> None:
    frame = QUESTION.prepare(Settings())(event_frame(spark, [(order(customer_id=None), NOON)]))
    assert {row["customers"] for row in frame.toArrow().to_pylist()} == {None}


@pytest.mark.parametrize(
    ("appended", "revised"),
    [
        pytest.param(MINUTE + HALF_MINUTE, 0, id="when the window closes"),
        pytest.param(MINUTE + HALF_MINUTE + 1, 1, id="after it has closed"),
    ],
)
def test_an_order_appended_after_the_close_revises(
    spark: SparkSession, appended: int, revised: int
) -> None:
    late = order(event_time=NOON + MINUTE - 1)
    assert answers(spark, (late, NOON + appended))[at(NOON)]["revised"] == revised


def test_the_first_region_by_name(spark: SparkSession) -> None:
    row = answers(spark, order(region="Überall"), order(region="Zulu"))[at(NOON)]
    assert row["region"] == "Zulu"


def test_many_customers_are_estimated_alike_in_any_order(spark: SparkSession) -> None:
    orders = [(order(customer_id=f"c-{number}"), NOON) for number in range(1_500)]
    estimates = set()
    for arrival in (orders, orders[::-1], orders[500:] + orders[:500]):
        # In one partition nothing is merged, which would hide the order of arrival.
        rows = (
            QUESTION.prepare(Settings())(event_frame(spark, arrival).coalesce(1))
            .toArrow()
            .to_pylist()
        )
        estimates |= {sketch_estimate(row["customers"]) for row in rows}
    assert len(estimates) == 1
    assert estimates.pop() == pytest.approx(1_500, rel=0.05)

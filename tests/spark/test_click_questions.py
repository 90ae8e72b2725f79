"""What a batch of clicks is reduced to, question by question."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from contracts.events import CANARY, Click
from emr_jobs.kernel.question import Question, Settings
from emr_jobs.questions import product_activity, recent_views, sessions, trending
from tests.spark.clicks import click
from tests.spark.rows import event_frame
from tests.spark.session import SPARK

pytestmark = SPARK

MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)
NOON = MIDNIGHT + timedelta(hours=12)

CLICKS = [
    click(1, 0),
    click(2, 10, kind="cart"),
    click(3, 20, kind="purchase", product="p-2", price=999),
    click(4, 21, kind="remove_from_cart"),
    click(5, 51),
    click(6, 5, user="u-2", product="p-2"),
    click(7, 6, user="u-2", product="p-2", currency="GBP"),
    click(8, 7, user="u-3", producer=CANARY),
]


def answered(
    spark: SparkSession, question: Question[DataFrame], clicks: list[Click]
) -> list[dict[str, Any]]:
    reduce = question.prepare(Settings())
    rows = reduce(event_frame(spark, [(each, each.event_time) for each in clicks])).toArrow()
    return sorted(rows.to_pylist(), key=str)


def test_sessions_of_a_batch(spark: SparkSession) -> None:
    found = answered(spark, sessions.QUESTION, CLICKS)
    shown = {
        (row["user_id"], row["currency"], (row["started_at"] - NOON) // timedelta(minutes=1)): (
            (row["ended_at"] - row["started_at"]) // timedelta(minutes=1),
            *(row[name] for name in ("events", "views", "carts", "purchases", "removals")),
            row["revenue"],
            sorted(row["products"]),
        )
        for row in found
    }
    assert shown == {
        ("u-1", "EUR", 0): (21, 4, 1, 1, 1, 1, Decimal("9.99"), ["p-1", "p-2"]),
        ("u-1", "EUR", 51): (0, 1, 1, 0, 0, 0, Decimal("0.00"), ["p-1"]),
        ("u-2", "EUR", 5): (0, 1, 1, 0, 0, 0, Decimal("0.00"), ["p-2"]),
        ("u-2", "GBP", 6): (0, 1, 1, 0, 0, 0, Decimal("0.00"), ["p-2"]),
    }


@pytest.mark.parametrize(
    ("pause", "expected"),
    [
        pytest.param(29.99, 1, id="less than the gap"),
        pytest.param(30, 2, id="exactly the gap"),
    ],
)
def test_a_pause_of_the_gap_ends_a_session(
    spark: SparkSession, pause: float, expected: int
) -> None:
    clicks = [click(1, 0), click(2, pause), click(3, pause)]
    assert len(answered(spark, sessions.QUESTION, clicks)) == expected


def test_activity_of_products_by_day_and_currency(spark: SparkSession) -> None:
    found = answered(spark, product_activity.QUESTION, CLICKS)
    shown = {
        (row["product_id"], row["currency"]): (
            row["day"],
            row["views"],
            row["carts"],
            row["purchases"],
            row["revenue"],
        )
        for row in found
    }
    assert shown == {
        ("p-1", "EUR"): (MIDNIGHT, 2, 1, 0, Decimal("0.00")),
        ("p-2", "EUR"): (MIDNIGHT, 1, 0, 1, Decimal("9.99")),
        ("p-2", "GBP"): (MIDNIGHT, 1, 0, 0, Decimal("0.00")),
    }


def test_trending_by_category_and_hour(spark: SparkSession) -> None:
    later = click(9, 60, kind="cart", product="p-2")
    found = answered(spark, trending.QUESTION, [*CLICKS, later])
    shown = {
        (row["category"], row["product_id"], (row["hour"] - NOON) // timedelta(hours=1)): (
            row["views"],
            row["carts"],
            row["purchases"],
        )
        for row in found
    }
    assert shown == {
        ("Toys", "p-1", 0): (2, 1, 0),
        ("Toys", "p-2", 0): (2, 0, 1),
        ("Toys", "p-2", 1): (0, 1, 0),
    }


def test_the_last_view_of_each_product(spark: SparkSession) -> None:
    found = answered(spark, recent_views.QUESTION, CLICKS)
    assert [
        (row["user_id"], row["product_id"], (row["viewed_at"] - NOON) // timedelta(minutes=1))
        for row in found
    ] == [("u-1", "p-1", 51), ("u-2", "p-2", 6)]

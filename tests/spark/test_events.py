"""Flat events, silver rows and quarantine rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from contracts.rejections import MAX_MINOR
from contracts.tables.columns import Table
from contracts.tables.lake import BRONZE_QUARANTINE, SILVER
from contracts.topics import CLICKS, ORDERS, PROMOTIONS, Topic
from emr_jobs.transforms.events import events, quarantine, record_columns, silver
from tests.contracts import handmade
from tests.contracts.handmade import APPEND_TIME, EVENT_ID
from tests.spark.rows import classified
from tests.spark.session import SPARK

pytestmark = SPARK

GOOD = {ORDERS: handmade.order(), CLICKS: handmade.click(), PROMOTIONS: handmade.promotion()}


def frame(spark: SparkSession, topic: Topic, **changes: Any) -> DataFrame:
    value = handmade.value(topic, GOOD[topic] | changes)
    return classified(spark, topic, [(value, APPEND_TIME)])


def only_row(rows: DataFrame) -> dict[str, Any]:
    (row,) = rows.toArrow().to_pylist()
    found: dict[str, Any] = row
    return found


def of_the_table(spark: SparkSession, table: Table, added: set[str]) -> list[tuple[str, str]]:
    """(name, type) of a lake table's columns, but those that the writer adds."""
    body = table.lake_ddl("c").partition("(\n")[2].partition("\n) USING")[0]
    empty = spark.createDataFrame([], body)
    return [(name, kind) for name, kind in empty.dtypes if name not in added]


def kept(classified_orders: DataFrame) -> DataFrame:
    return classified_orders.select(*record_columns(ORDERS))


@pytest.mark.parametrize("topic", GOOD, ids=lambda topic: topic.name)
def test_silver_has_the_columns_of_its_table(spark: SparkSession, topic: Topic) -> None:
    rows = silver(events(topic)(frame(spark, topic)), topic)
    assert rows.dtypes == of_the_table(spark, SILVER[topic.name], {"commit_number"})
    assert rows.count() == 1


def test_quarantine_has_the_columns_of_its_table(spark: SparkSession) -> None:
    added = {"commit_number", "package_version"}
    rows = quarantine(kept(frame(spark, ORDERS, total=1)))
    assert rows.dtypes == of_the_table(spark, BRONZE_QUARANTINE, added)


def test_an_order_in_silver(spark: SparkSession) -> None:
    lines = [handmade.line(quantity=3, unit_price=33_333), handmade.line(quantity=-1, unit_price=1)]
    # 9.9999 is 10.00, and minus 0.0001 nothing.
    row = only_row(silver(events(ORDERS)(frame(spark, ORDERS, lines=lines, total=1000)), ORDERS))
    appended = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=APPEND_TIME)
    assert row["total"] == Decimal("10.00")
    assert [str(each["unit_price"]) for each in row["lines"]] == ["3.3333", "0.0001"]
    assert row["append_time"] == appended
    assert row["event_time"] == appended - timedelta(seconds=1)
    assert row["late_by_us"] == 1_000_000
    assert (row["source_run"], row["source_producer"], row["source_sequence"]) == (
        "run-1",
        "poison",
        7,
    )
    assert row["account_created_at"] is None


@pytest.mark.parametrize(
    "minor",
    [
        pytest.param(0, id="nothing"),
        pytest.param(1, id="one"),
        pytest.param(MAX_MINOR, id="the largest"),
    ],
)
def test_money_is_exact(spark: SparkSession, minor: int) -> None:
    row = only_row(silver(events(CLICKS)(frame(spark, CLICKS, price=minor)), CLICKS))
    assert row["price"] == Decimal(minor).scaleb(-2)


def test_a_refused_order_keeps_its_bytes_and_id(spark: SparkSession) -> None:
    refused = frame(spark, ORDERS, total=1)
    row = only_row(quarantine(kept(refused)))
    assert row["value"] == handmade.value(ORDERS, handmade.order(total=1))
    assert (row["reason"], row["event_id"]) == ("total_mismatch", EVENT_ID)
    assert events(ORDERS)(refused).count() == 0


def test_what_cannot_be_read_has_no_id(spark: SparkSession) -> None:
    torn = handmade.value(ORDERS, handmade.order()).replace(b"Europe", b"Eur\xffpe")
    refused = classified(spark, ORDERS, [(torn, APPEND_TIME), (None, APPEND_TIME)])
    rows = quarantine(kept(refused))
    assert [row["event_id"] for row in rows.toArrow().to_pylist()] == [None, None]


def test_an_event_is_kept_without_its_bytes(spark: SparkSession) -> None:
    row = only_row(kept(frame(spark, ORDERS)))
    assert (row["key"], row["value"], row["reason"]) == (None, None, None)

"""How a lake table is partitioned, and what its files may hold."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contracts.tables.columns import Column, Table
from contracts.tables.lake import COMMIT_NUMBER
from emr_jobs.kernel.ranges import OffsetRange
from emr_jobs.stores.lake import LakeTable, Rows
from emr_jobs.transforms.spans import Span
from tests.spark.iceberg import METRICS, NOW, Iceberg, iceberg
from tests.spark.session import SPARK

pytestmark = SPARK

__all__ = ["iceberg"]


@pytest.mark.parametrize("few_partitions", [True, False])
def test_rows_of_several_partitions_in_any_order(iceberg: Iceberg, few_partitions: bool) -> None:
    table = iceberg.table()
    days = [NOW + timedelta(days=offset % 3) for offset in range(9)]
    rows = iceberg.rows(0, 9).frame.drop("append_time")
    appended = iceberg.spark.createDataFrame(
        list(enumerate(days)), "offset bigint, append_time timestamp"
    )
    mixed = rows.join(appended, "offset").repartition(1, "event_id")
    table.commit(Rows(mixed, few_partitions), table.state(), {("id", 0): 9})
    assert iceberg.offsets(table.held([OffsetRange("t", "id", 0, 0, 9)])) == list(range(9))
    assert iceberg.loaded(table).currentSnapshot().summary()["added-data-files"] == "3"


REGIONS = Table(
    "bronze.regions",
    "one row per event",
    (Column("region", "text"), Column("event_time", "timestamp"), COMMIT_NUMBER),
)
BY_DAY = ("region", "days(event_time)")


def at(iceberg: Iceberg, *rows: tuple[str, int]) -> Rows:
    given = [(region, NOW + timedelta(hours=hour)) for region, hour in rows]
    frame = iceberg.spark.createDataFrame(given, "region string, event_time timestamp")
    return Rows(frame.coalesce(1), few_partitions=True)


@pytest.mark.parametrize(
    ("spans", "may_hold"),
    [
        pytest.param([], False, id="no span"),
        pytest.param([("EU", 3, 3)], True, id="from the first row of a file"),
        pytest.param([("EU", 7, 9)], True, id="to its last"),
        pytest.param([("EU", 5, 5)], True, id="between two of its rows"),
        pytest.param([("EU", 0, 2)], False, id="before"),
        pytest.param([("EU", 8, 9)], False, id="after"),
        pytest.param([("US", 3, 7)], False, id="another region"),
        pytest.param([("US", 3, 7), ("EU", 3, 3)], True, id="one of two"),
    ],
)
def test_which_spans_a_table_may_hold_rows_of(
    iceberg: Iceberg, spans: list[tuple[str, int, int]], may_hold: bool
) -> None:
    table = iceberg.like(REGIONS, BY_DAY)
    assert table.exists()
    assert table.within_spans([Span("EU", NOW, NOW)]) is None, "an empty table"
    table.commit(at(iceberg, ("EU", 3), ("EU", 7)), table.state(), {})
    wanted = [
        Span(region, NOW + timedelta(hours=first), NOW + timedelta(hours=last))
        for region, first, last in spans
    ]
    assert (table.within_spans(wanted) is not None) == may_hold


def test_a_table_that_nobody_made_does_not_exist(iceberg: Iceberg) -> None:
    assert not LakeTable(iceberg.spark, REGIONS, METRICS).exists()

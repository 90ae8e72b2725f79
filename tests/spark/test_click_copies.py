"""Which copy of a stale click is counted: silver's, unless that is one of this very batch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession

from emr_jobs.apps.clicks import elected_elsewhere
from emr_jobs.kernel.ranges import OffsetRange
from emr_jobs.stores.click_ids.forgetting import STALE
from emr_jobs.stores.lake import LakeTable
from tests.spark.clicks import click
from tests.spark.rows import event_frame
from tests.spark.session import SPARK

pytestmark = SPARK

MINUTE = 60_000_000
BATCH = (
    OffsetRange("ecommerce-clicks", "topic-1", 0, 0, 10),
    OffsetRange("ecommerce-clicks", "topic-1", 1, 5, 9),
)


@dataclass(frozen=True)
class Silver:
    """Rows of silver.clicks."""

    spark: SparkSession
    rows: DataFrame

    def exists(self) -> bool:
        return True

    def within_spans(self, _spans: object) -> DataFrame | None:
        return self.rows


def audit(frame: DataFrame) -> pa.Table:
    names = ("event_id", "topic_id", "partition", "offset", "append_time", "event_time", "region")
    return frame.select(*names).toArrow()


@pytest.mark.parametrize(
    ("elected", "late", "counted"),
    [
        pytest.param(("topic-1", 0, 0), 2 * STALE, True, id="silver holds this very record"),
        pytest.param(("topic-1", 1, 4), 2 * STALE, False, id="silver holds one before the batch"),
        pytest.param(("topic-1", 1, 9), 2 * STALE, False, id="silver holds one after the batch"),
        pytest.param(("topic-1", 1, 8), 2 * STALE, True, id="silver holds one of this batch"),
        pytest.param(("topic-0", 1, 8), 2 * STALE, False, id="silver holds one of an older topic"),
        pytest.param(None, 2 * STALE, True, id="silver does not know it"),
        pytest.param(("topic-1", 1, 4), STALE, True, id="not stale: the ids tell"),
    ],
)
def test_which_copy_is_counted(
    spark: SparkSession, elected: tuple[str, int, int] | None, late: timedelta, counted: bool
) -> None:
    one = click(1, 0)
    appended = one.event_time + late // timedelta(microseconds=1)
    frame = event_frame(spark, [(one, appended)])
    row: dict[str, Any] = frame.toArrow().to_pylist()[0]
    position = elected or ("topic-1", 0, 0)
    held = row | dict(zip(("topic_id", "partition", "offset"), position, strict=True))
    if elected is None:
        held["event_id"] = "00000000-0000-0000-0000-00000000ffff"
    silver = Silver(
        spark, spark.createDataFrame(pa.Table.from_pylist([held], frame.toArrow().schema))
    )
    later = row["append_time"] + timedelta(microseconds=1)
    found = elected_elsewhere(audit(frame), cast(LakeTable, silver), BATCH, later)
    assert found == (set() if counted else {one.event_id})
    remembered = elected_elsewhere(audit(frame), cast(LakeTable, silver), BATCH, row["append_time"])
    assert remembered == set(), "the ids tell of a copy that was appended lately"

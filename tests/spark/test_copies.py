"""Which events of a batch of `ingest` are copies: of one another, or of what silver holds."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, cast

import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession

from contracts.codec import encode
from contracts.topics import CLICKS, ORDERS
from emr_jobs.apps.copies import copies_in
from emr_jobs.apps.kept_records import RecordKeeper
from emr_jobs.stores.lake import LakeTable
from tests.contracts import handmade
from tests.contracts.handmade import APPEND_TIME
from tests.spark.clicks import click
from tests.spark.rows import REGISTRY, records
from tests.spark.session import SPARK

pytestmark = SPARK

Position = tuple[str, int, int]
KNOWN = pa.schema(
    [
        ("event_id", pa.string()),
        ("topic_id", pa.string()),
        ("partition", pa.int32()),
        ("offset", pa.int64()),
        ("region", pa.string()),
        ("event_time", pa.timestamp("us", "UTC")),
    ]
)


@dataclass(frozen=True)
class Silver:
    """Rows of silver.clicks: the positions of clicks by their numbers."""

    spark: SparkSession
    held: dict[int, Position]

    def within_spans(self, _spans: object) -> DataFrame | None:
        if not self.held:
            return None
        rows = [
            (one.event_id, *position, one.region, one.event_time)
            for one, position in ((click(number, 0), at) for number, at in self.held.items())
        ]
        columns = [[row[index] for row in rows] for index in range(len(KNOWN))]
        return self.spark.createDataFrame(pa.table(columns, KNOWN))


def here(offset: int) -> Position:
    return ("topic-1", 0, offset)


@pytest.mark.parametrize(
    ("numbers", "held", "copies"),
    [
        pytest.param([1, 2, 3], {}, {}, id="each once"),
        pytest.param(
            [1, 2, 1, 1], {}, {2: here(0), 3: here(0)}, id="the lowest of the batch counts"
        ),
        pytest.param([1, 2], {1: ("topic-0", 3, 9)}, {0: ("topic-0", 3, 9)}, id="silver's counts"),
        pytest.param(
            [1, 1],
            {1: ("topic-1", 2, 0)},
            {0: ("topic-1", 2, 0), 1: ("topic-1", 2, 0)},
            id="silver's counts before the batch's",
        ),
        pytest.param([1, 2], {1: here(0), 2: here(1)}, {}, id="silver holds the batch itself"),
        pytest.param([1, 1], {1: here(1)}, {0: here(1)}, id="silver chose the later of the batch"),
        pytest.param([1], {7: here(0)}, {}, id="silver holds others"),
    ],
)
def test_which_clicks_are_copies(
    spark: SparkSession, numbers: list[int], held: dict[int, Position], copies: dict[int, Position]
) -> None:
    writer = REGISTRY.latest(CLICKS.schema)
    one = click(1, 0)
    values = [(encode(click(number, 0), writer), one.event_time) for number in numbers]
    with ExitStack() as stack:
        kept = RecordKeeper(REGISTRY, [CLICKS]).kept(
            records(spark, CLICKS, values), [CLICKS.name], None, stack
        )
        silver = cast(LakeTable, Silver(spark, held))
        found: list[dict[str, Any]] = copies_in(kept, {CLICKS.name: silver})[
            CLICKS.name
        ].to_pylist()
    assert {
        row["offset"]: (row["twin_topic_id"], row["twin_partition"], row["twin_offset"])
        for row in found
    } == copies
    assert {row["event_id"] for row in found} == {
        click(numbers[offset], 0).event_id for offset in copies
    }


def test_what_is_refused_is_no_copy_and_is_counted_by_reason(spark: SparkSession) -> None:
    good = handmade.value(ORDERS, handmade.order())
    bad = handmade.value(ORDERS, handmade.order(total=1))
    values: list[tuple[bytes | None, int]] = [
        (good, APPEND_TIME), (bad, APPEND_TIME), (bad, APPEND_TIME), (None, APPEND_TIME),
    ]  # fmt: skip
    with ExitStack() as stack:
        kept = RecordKeeper(REGISTRY, [ORDERS]).kept(
            records(spark, ORDERS, values), [ORDERS.name], None, stack
        )[ORDERS.name]
        assert kept.events.count() == 1
    assert kept.records == len(values)
    reasons = {row["reason"]: row["records"] for row in kept.groups}
    assert reasons == {None: 1, "total_mismatch": 2, "empty": 1}
    assert [(span.region, span.first == span.last) for span in kept.spans] == [("Europe", True)]


def test_what_the_quarantine_holds_stays_refused(spark: SparkSession) -> None:
    value = (handmade.value(ORDERS, handmade.order()), APPEND_TIME)
    held = {**dict(zip(("topic_id", "partition", "offset"), here(1), strict=True))}
    row = held | {"reason": "unknown_schema", "detail": "of code that knew less"}
    types = pa.schema(
        [
            *((name, KNOWN.field(name).type) for name in held),
            ("reason", pa.string()),
            ("detail", pa.string()),
        ]
    )
    rejected = pa.Table.from_pylist([row], types)
    with ExitStack() as stack:
        kept = RecordKeeper(REGISTRY, [ORDERS]).kept(
            records(spark, ORDERS, [value, value]), [ORDERS.name], rejected, stack
        )[ORDERS.name]
        refused = kept.frame.where("reason is not null").toArrow().to_pylist()
    assert [(r["offset"], r["reason"], r["value"]) for r in refused] == [
        (1, "unknown_schema", value[0])
    ]

"""A batch decoded once, of events and of every value that is none; and a batch rehearsed."""

from __future__ import annotations

import zlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from contracts.codec import HEADER_BYTES, ZLIB
from contracts.topics import CLICKS, ORDERS, Topic
from emr_jobs.apps.clicks import ClickApplication
from emr_jobs.apps.kept_events import EventKeeper
from emr_jobs.apps.orders import OrderApplication
from emr_jobs.kernel.batches import Batch, BatchApplication, BatchRunner, StreamIdentity
from emr_jobs.kernel.errors import Miscounted
from emr_jobs.kernel.question import Settings
from emr_jobs.kernel.ranges import OffsetRange
from emr_jobs.spark.source import SparkSource
from tests.contracts import handmade, poison
from tests.contracts.handmade import APPEND_TIME
from tests.spark.rows import REGISTRY, records
from tests.spark.session import SPARK

pytestmark = SPARK

ABSENT = cast(Any, None)
_AUDIT = ("event_id", "partition", "offset")
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def batch(
    spark: SparkSession, topic: Topic, values: list[tuple[bytes | None, int]], extra: int = 0
) -> Batch[DataFrame]:
    ranges = (OffsetRange(topic.name, "topic-1", 0, 0, len(values) + extra),)
    return Batch(1, records(spark, topic, values), ranges, NEW_YEAR)


def runner(
    spark: SparkSession, application: BatchApplication[DataFrame], topic: Topic
) -> BatchRunner[DataFrame]:
    identity = StreamIdentity("cluster-1", {topic.name: "topic-1"})
    return BatchRunner(
        application,
        files=ABSENT,
        progress=ABSENT,
        source=SparkSource(spark, ABSENT, identity),
        identity=identity,
        max_offsets=1,
        visit=ABSENT,
        metrics=ABSENT,
        clock=lambda: NEW_YEAR,
    )


def keeper(topic: Topic) -> EventKeeper:
    return EventKeeper(REGISTRY, topic, {name: F.col(name) for name in _AUDIT})


@pytest.mark.parametrize("topic", [ORDERS, CLICKS], ids=lambda topic: topic.name)
def test_every_record_is_an_event_or_a_rejection(spark: SparkSession, topic: Topic) -> None:
    cases = [case for case in poison.POISON if case.topic == topic]
    good = [offset for offset, case in enumerate(cases) if case.reason is None]
    assert good, "no case is an event"
    with keeper(topic).kept(
        batch(spark, topic, [(case.value, case.append_time) for case in cases])
    ) as kept:
        assert sorted(kept.audit["offset"].to_pylist()) == good
        assert kept.rejected == len(cases) - len(good)
        assert sorted(kept.good.select("offset").toArrow()["offset"].to_pylist()) == good


def test_an_offset_without_a_record_is_skipped(spark: SparkSession) -> None:
    values = [(handmade.value(ORDERS, handmade.order()), APPEND_TIME), (b"no event", APPEND_TIME)]
    with keeper(ORDERS).kept(batch(spark, ORDERS, values, extra=3)) as kept:
        assert kept.skipped == (OffsetRange(ORDERS.name, "topic-1", 0, 2, 5),)
        assert (kept.audit.num_rows, kept.rejected) == (1, 1)


def test_a_batch_of_nothing_but_a_transactions_mark_has_no_events(spark: SparkSession) -> None:
    with keeper(ORDERS).kept(batch(spark, ORDERS, [], extra=1)) as kept:
        assert kept.skipped == (OffsetRange(ORDERS.name, "topic-1", 0, 0, 1),)
        assert (kept.audit.num_rows, kept.rejected) == (0, 0)


def test_the_first_compressed_values_are_read_in_their_batch(spark: SparkSession) -> None:
    good = handmade.value(ORDERS, handmade.order())
    compressed = ZLIB + good[len(ZLIB) : HEADER_BYTES] + zlib.compress(good[HEADER_BYTES:])
    values = [(compressed, APPEND_TIME), (good, APPEND_TIME), (b"no event", APPEND_TIME)]
    reads = keeper(ORDERS)
    for _ in range(2):
        with reads.kept(batch(spark, ORDERS, values)) as kept:
            assert sorted(kept.audit["offset"].to_pylist()) == [0, 1]
            assert kept.audit["event_id"].unique().to_pylist() == [handmade.EVENT_ID]
            assert kept.rejected == 1


def test_a_record_beyond_the_batch_ends_it(spark: SparkSession) -> None:
    beyond = batch(spark, ORDERS, [(handmade.value(ORDERS, handmade.order()), APPEND_TIME)] * 2)
    beyond = replace(beyond, ranges=(replace(beyond.ranges[0], end=1),))
    with pytest.raises(Miscounted, match="outside of"), keeper(ORDERS).kept(beyond):
        pass


def test_orders_rehearse_without_a_store(spark: SparkSession) -> None:
    orders = OrderApplication(
        connection=ABSENT,
        progress=ABSENT,
        registry=REGISTRY,
        kafka=ABSENT,
        metrics=ABSENT,
        settings=Settings(),
    )
    runner(spark, orders, ORDERS).rehearse()


def test_clicks_rehearse_without_a_store(spark: SparkSession) -> None:
    clicks = ClickApplication(
        silver=ABSENT,
        progress=ABSENT,
        registry=REGISTRY,
        kafka=ABSENT,
        metrics=ABSENT,
        turns=ABSENT,
        clock=ABSENT,
    )
    runner(spark, clicks, CLICKS).rehearse()

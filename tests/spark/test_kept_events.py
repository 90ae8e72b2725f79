"""A batch decoded once, of events and of every value that is none; and a batch rehearsed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from contracts.topics import CLICKS, ORDERS, Topic
from emr_jobs.apps.clicks import ClickApplication
from emr_jobs.apps.kept_events import EventKeeper
from emr_jobs.apps.orders import OrderApplication
from emr_jobs.kernel.batches import Batch, BatchApplication, BatchRunner, StreamIdentity
from emr_jobs.kernel.question import Settings
from emr_jobs.kernel.ranges import OffsetRange
from emr_jobs.spark.source import SparkSource
from tests.contracts import handmade, poison
from tests.contracts.handmade import APPEND_TIME
from tests.spark.rows import REGISTRY, records
from tests.spark.session import SPARK

pytestmark = SPARK

ABSENT = cast(Any, None)
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
        visit=ABSENT,
        metrics=ABSENT,
        clock=lambda: NEW_YEAR,
    )


def keeper(topic: Topic) -> EventKeeper:
    return EventKeeper(REGISTRY, topic, {name: F.col(name) for name in ("event_id", "offset")})


@pytest.mark.parametrize("topic", [ORDERS, CLICKS], ids=lambda topic: topic.name)
def test_every_offset_is_an_event_or_a_rejection(spark: SparkSession, topic: Topic) -> None:
    cases = [case for case in poison.POISON if case.topic == topic]
    good = [offset for offset, case in enumerate(cases) if case.reason is None]
    assert good, "no case is an event"
    with keeper(topic).kept(
        batch(spark, topic, [(case.value, case.append_time) for case in cases])
    ) as kept:
        assert sorted(kept.audit["offset"].to_pylist()) == good
        assert kept.rejected == len(cases) - len(good)
        assert sorted(kept.good.select("offset").toArrow()["offset"].to_pylist()) == good


def test_an_offset_that_is_neither_ends_the_batch(spark: SparkSession) -> None:
    short = batch(spark, ORDERS, [(handmade.value(ORDERS, handmade.order()), APPEND_TIME)], extra=1)
    with pytest.raises(RuntimeError, match="2 offsets gave 1 records"), keeper(ORDERS).kept(short):
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

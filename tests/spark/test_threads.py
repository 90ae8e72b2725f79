"""Work of one query in several threads."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from pyspark.sql import SparkSession

from emr_jobs.spark.threads import SideBySide
from tests.spark.session import SPARK

pytestmark = SPARK


def test_things_run_at_the_same_time_in_the_pool_of_their_query(spark: SparkSession) -> None:
    context, both, pools = spark.sparkContext, threading.Barrier(2, timeout=20), set()
    context.setLocalProperty("spark.scheduler.pool", "orders")

    def thing() -> None:
        both.wait()
        pools.add(context.getLocalProperty("spark.scheduler.pool"))

    SideBySide(spark, 2, "test")([thing, thing])
    assert pools == {"orders"}


def test_the_first_error_is_raised_when_all_have_ended(spark: SparkSession) -> None:
    done, failed = [], threading.Event()

    def fails(words: str) -> Callable[[], None]:
        def thing() -> None:
            failed.set()
            raise ValueError(words)

        return thing

    def ends() -> None:
        assert failed.wait(20)
        done.append("ended")

    with pytest.raises(ValueError, match="one"):
        SideBySide(spark, 3, "test")([fails("one"), ends, fails("other")])
    assert done == ["ended"]


def test_nothing_to_do_is_done(spark: SparkSession) -> None:
    SideBySide(spark, 1, "test")([])

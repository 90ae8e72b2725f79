"""Offset ranges as a condition on records."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

from pyspark.sql import Column
from pyspark.sql import functions as F

from emr_jobs.kernel.ranges import OffsetRange


def within(ranges: Iterable[OffsetRange]) -> Column:
    """Condition: the record lies in one of the ranges."""
    return reduce(
        Column.__or__,
        [
            (F.col("topic_id") == each.topic_id)
            & (F.col("partition") == each.partition)
            & (F.col("offset") >= each.start)
            & (F.col("offset") < each.end)
            for each in ranges
        ],
        F.lit(False),
    )

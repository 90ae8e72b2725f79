"""When did each user shop without a pause, and did it end in a purchase?

Grain: one row per (user_id, currency, session start). Partials are a batch's own sessions; the
store joins those that lie less than the gap apart (`emr_jobs.state.sessions`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from emr_jobs.questions.click_counts import count_of, counted, counts, revenue


@dataclass(frozen=True)
class Settings:
    """Clicks `gap` or more apart are of two sessions."""

    gap: timedelta = timedelta(minutes=30)


def partials(clicks: DataFrame, settings: Settings) -> DataFrame:
    """One row a session of these clicks alone: the columns of sessions that are written, but
    closed_at, absorbed and changed_in."""
    in_order = Window.partitionBy("user_id", "currency").orderBy("event_time", "event_id")
    since = F.unix_micros("event_time") - F.lag(F.unix_micros("event_time")).over(in_order)
    begins = F.coalesce(since >= settings.gap // timedelta(microseconds=1), F.lit(False))
    number = F.sum(begins.cast("int")).over(
        in_order.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    )
    return (
        counted(clicks)
        .withColumn("number", number)
        .groupBy("user_id", "currency", "number")
        .agg(
            F.min("event_time").alias("started_at"),
            F.max("event_time").alias("ended_at"),
            F.min("region").alias("region"),
            F.count(F.lit(1)).alias("events"),
            *counts(),
            count_of("remove_from_cart").alias("removals"),
            revenue().alias("revenue"),
            F.collect_set("product_id").alias("products"),
        )
        .drop("number")
    )

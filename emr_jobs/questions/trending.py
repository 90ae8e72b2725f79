"""Which products of a category are wanted most this hour?

Grain: one row per (category, hour UTC, product_id); score = views + 3·carts + 10·purchases.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from contracts.tables.questions.trending import ANSWER
from emr_jobs.questions.click_counts import counted, counts
from emr_jobs.questions.merge import Merge, replace, total

MERGE = Merge(
    into=ANSWER.table,
    columns={"views": total, "carts": total, "purchases": total, "changed_in": replace},
)


def partials(clicks: DataFrame) -> DataFrame:
    """One row a key: the columns of trending but changed_in."""
    hour = F.date_trunc("hour", "event_time").alias("hour")
    return (
        counted(clicks)
        .where(F.col("event_type") != "remove_from_cart")
        .groupBy("category", hour, "product_id")
        .agg(*counts())
    )

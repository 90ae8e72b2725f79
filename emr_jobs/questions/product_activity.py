"""How often was each product looked at, put into a cart and bought, day by day?

Grain: one row per (product_id, day UTC, currency).
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from contracts.tables.questions.product_activity import ANSWER
from emr_jobs.questions.click_counts import counted, counts, revenue
from emr_jobs.questions.merge import Merge, replace, total

MERGE = Merge(
    into=ANSWER.table,
    columns={
        "views": total,
        "carts": total,
        "purchases": total,
        "revenue": total,
        "changed_in": replace,
    },
)


def partials(clicks: DataFrame) -> DataFrame:
    """One row a key: the columns of product_activity but changed_in."""
    day = F.date_trunc("day", "event_time").alias("day")
    return (
        counted(clicks)
        .where(F.col("event_type") != "remove_from_cart")
        .groupBy("product_id", day, "currency")
        .agg(*counts(), revenue().alias("revenue"))
    )

"""What did each user look at last?

Grain: one row per (user_id, product_id) viewed, with the time of the last view.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from contracts.tables.questions.recent_views import ANSWER
from emr_jobs.questions.click_counts import counted
from emr_jobs.questions.merge import Merge, greatest, replace

MERGE = Merge(into=ANSWER.table, columns={"viewed_at": greatest, "changed_in": replace})


def partials(clicks: DataFrame) -> DataFrame:
    """One row a key: the columns of recent_views but changed_in."""
    return (
        counted(clicks)
        .where(F.col("event_type") == "view")
        .groupBy("user_id", "product_id")
        .agg(F.max("event_time").alias("viewed_at"))
    )

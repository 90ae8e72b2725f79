"""How often was each product looked at, put into a cart and bought, day by day?

Grain: one row per (product_id, day UTC, currency).
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from contracts.tables.questions.product_activity import ANSWER
from emr_jobs.kernel.merge import Merge, total
from emr_jobs.kernel.question import Question, Settings
from emr_jobs.transforms.clicks import counts, interested, revenue
from emr_jobs.transforms.steps import Step


def prepare(_settings: Settings) -> Step:
    """A step from clicks to counts of each product, day and currency."""
    day = F.date_trunc("day", "event_time").alias("day")
    measures = (*counts(), revenue().alias("revenue"))

    def reduced(clicks: DataFrame) -> DataFrame:
        return interested(clicks).groupBy("product_id", day, "currency").agg(*measures)

    return reduced


QUESTION = Question(
    ANSWER,
    prepare,
    Merge(ANSWER.table, {"views": total, "carts": total, "purchases": total, "revenue": total}),
)

"""Which products of a category are wanted most this hour?

Grain: one row per (category, hour UTC, product_id); score = views + 3·carts + 10·purchases.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from contracts.tables.questions.trending import ANSWER
from emr_jobs.kernel.merge import Merge, total
from emr_jobs.kernel.question import Question, Settings
from emr_jobs.transforms.clicks import counts, interested
from emr_jobs.transforms.steps import Step


def prepare(_settings: Settings) -> Step:
    """A step from clicks to counts of each category, hour and product."""
    hour, measures = F.date_trunc("hour", "event_time").alias("hour"), counts()

    def reduced(clicks: DataFrame) -> DataFrame:
        return interested(clicks).groupBy("category", hour, "product_id").agg(*measures)

    return reduced


QUESTION = Question(
    ANSWER, prepare, Merge(ANSWER.table, {"views": total, "carts": total, "purchases": total})
)

"""What did each user look at last?

Grain: one row per (user_id, product_id) viewed, with the time of the last view.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from contracts.tables.questions.recent_views import ANSWER
from emr_jobs.kernel.merge import Merge, greatest
from emr_jobs.kernel.question import Question, Settings
from emr_jobs.transforms.clicks import counted
from emr_jobs.transforms.steps import Step


def prepare(_settings: Settings) -> Step:
    """A step from clicks to the last view of each user and product."""
    is_view, viewed_at = F.col("event_type") == "view", F.max("event_time").alias("viewed_at")

    def reduced(clicks: DataFrame) -> DataFrame:
        return counted(clicks).where(is_view).groupBy("user_id", "product_id").agg(viewed_at)

    return reduced


QUESTION = Question(ANSWER, prepare, Merge(ANSWER.table, {"viewed_at": greatest}))

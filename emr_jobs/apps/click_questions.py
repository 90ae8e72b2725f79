"""What is asked of new clicks: one entry a question, in `click_questions`."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
from pyspark.sql import DataFrame

from emr_jobs.apps.order_questions import Merged, Question
from emr_jobs.questions import product_activity, recent_views, sessions, trending
from emr_jobs.stores.progress import Commit
from emr_jobs.stores.session_answers import merge_sessions


@dataclass(frozen=True)
class Joined:
    """The sessions: partials join with the stored ones they touch; counted as `sessions`."""

    settings: sessions.Settings
    name: str = "sessions"

    def partials(self, events: DataFrame) -> DataFrame:
        return sessions.partials(events, self.settings)

    def store(self, commit: Commit, partials: pa.Table) -> None:
        commit.counts["sessions"] = merge_sessions(
            commit.connection, partials, commit.sequence, self.settings.gap
        )


def click_questions() -> tuple[Question, ...]:
    """Every question of the application `clicks`."""
    return (
        Joined(sessions.Settings()),
        Merged("product_activity", product_activity.MERGE, product_activity.partials),
        Merged("trending", trending.MERGE, trending.partials),
        Merged("recent_views", recent_views.MERGE, recent_views.partials),
    )

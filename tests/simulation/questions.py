"""The questions' own rules and folds, by whatever module they stand in."""

from __future__ import annotations

from emr_jobs.questions.merge import Merge
from emr_jobs.questions.order_metrics import MERGE as ORDER_METRICS
from emr_jobs.questions.product_activity import MERGE as PRODUCT_ACTIVITY
from emr_jobs.questions.recent_views import MERGE as RECENT_VIEWS
from emr_jobs.state.sessions import Session, joined
from emr_jobs.stores.click_ids import REMEMBERED, STALE, remembered_from
from emr_jobs.stores.click_ids import Reached as AppliedUntil

__all__ = [
    "ORDER_METRICS",
    "PRODUCT_ACTIVITY",
    "RECENT_VIEWS",
    "REMEMBERED",
    "STALE",
    "AppliedUntil",
    "Merge",
    "Session",
    "joined",
    "remembered_from",
]

"""The questions' own rules and folds."""

from __future__ import annotations

from emr_jobs.kernel.merge import Merge
from emr_jobs.questions import order_metrics, product_activity, recent_views
from emr_jobs.questions.sessions import Session, joined
from emr_jobs.stores.click_ids import REMEMBERED, STALE, AppliedUntil, remembered_from

ORDER_METRICS, PRODUCT_ACTIVITY, RECENT_VIEWS = (
    module.QUESTION.merge for module in (order_metrics, product_activity, recent_views)
)

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

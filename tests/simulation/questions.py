"""The questions' own rules and folds."""

from __future__ import annotations

from emr_jobs.kernel.merge import Fold, Merge
from emr_jobs.kernel.question import Question
from emr_jobs.questions import order_metrics, product_activity, recent_views


def _merge(question: Question[object]) -> Merge:
    assert not isinstance(question.merge, Fold)
    return question.merge


ORDER_METRICS = _merge(order_metrics.QUESTION)
PRODUCT_ACTIVITY = _merge(product_activity.QUESTION)
RECENT_VIEWS = _merge(recent_views.QUESTION)

"""How often the applications commit on AWS, and their drivers and executors, where nothing is
set."""

from __future__ import annotations

from contracts.applications import APPLICATIONS, CLICK_ANSWERS, ORDER_ANSWERS
from contracts.aws.spark_submit import Sizes

# Memory follows the rows of a batch: a minute of every topic for the lake, seconds of orders. With
# a second executor, alerts and the lake go on while a lost one is replaced. Answers from clicks may
# be a minute late then, and two cores decode and merge 30,000 records per second.
_OWN_SIZES = {
    ORDER_ANSWERS.name: Sizes(executor_memory="4g"),
    CLICK_ANSWERS.name: Sizes(executors=1, executor_memory="3g"),
}


def cloud_triggers() -> tuple[tuple[str, int], ...]:
    """Seconds between batches, by application."""
    return tuple((app.name, app.cloud_trigger) for app in APPLICATIONS)


def usual_sizes() -> tuple[tuple[str, Sizes], ...]:
    """Driver and executors, by application."""
    return tuple((app.name, _OWN_SIZES.get(app.name, Sizes())) for app in APPLICATIONS)

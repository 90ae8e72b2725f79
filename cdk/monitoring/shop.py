"""The dashboard of the shop: what happens in it, as far as metrics carry it."""

from __future__ import annotations

from collections.abc import Iterator

from cdk.monitoring.alarms import Formula, Source, published
from cdk.monitoring.applications import freshness, quality
from cdk.monitoring.dashboards import Graph, Row
from cdk.monitoring.functions import NOTIFIER, canary, http_api
from contracts.applications import APPLICATIONS, INGEST, ORDER_ANSWERS
from contracts.metrics import Dimension
from contracts.topics import Topic

# Money would need a metric for each currency, and a metric that is published twice after a crash
# counts twice. The tables count once.
_NOT_HERE = (
    "Revenue, order values, customers and categories are answers, not metrics: they are in "
    "`order_metrics` (query API) and `gold.order_metrics` (Athena), exact and for all time. "
    "Canary orders are among the events here and in none of those answers."
)


def shop_rows(api_id: str) -> Iterator[Row]:
    """From what customers do to whether the shop can rely on the answers."""
    yield Row(
        "What happens in the shop?",
        "Events that were new, by topic. Late: more than 15 minutes after their time.",
        [
            Graph("Events a minute", {each.name: _a_minute(each) for each in INGEST.reads}, 5),
            Graph("Events an hour", {each.name: _new(each) for each in INGEST.reads}, 60),
            Graph(
                "Late",
                {each.name: published("late_rows", "Sum", _place(each)) for each in INGEST.reads},
                60,
            ),
        ],
    )
    yield Row(
        "Is somebody trying something?",
        "Fraud alerts by the rules, and those that people were told of.",
        [
            Graph(
                "Alerts raised",
                {
                    app.name: published("alerts_raised", "Sum", {"application": app.name})
                    for app in APPLICATIONS
                    if app.writes
                },
                60,
            ),
            Graph(
                "Notifications sent",
                {"sent": published("notifications_sent", "Sum", {"application": NOTIFIER})},
                60,
            ),
        ],
    )
    yield Row(
        "Can the answers be relied on?",
        "How old they are, how much of what the shop sends is good, and who reads them.",
        [
            Graph(
                "Age of order answers, seconds",
                {"mean": freshness(ORDER_ANSWERS), "an order's whole way": canary()},
                5,
            ),
            Graph("Good events, %", {each.name: quality(each) for each in INGEST.reads}, 5),
            Graph("Questions asked", {"requests": http_api(api_id, "Count", "Sum")}, 60),
        ],
    )
    yield Row("What is not here", _NOT_HERE, [])


def _place(topic: Topic) -> dict[Dimension, str]:
    return {"application": INGEST.name, "topic": topic.name}


def _new(topic: Topic) -> Source:
    return published("valid_rows", "Sum", _place(topic))


def _a_minute(topic: Topic) -> Formula:
    return Formula(expression="60 * {valid} / PERIOD({valid})", sources={"valid": _new(topic)})

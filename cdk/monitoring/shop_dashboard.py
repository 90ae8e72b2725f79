"""The dashboard of the shop: what happens in it, as far as metrics can say."""

from __future__ import annotations

from collections.abc import Iterator

from cdk.monitoring.alarms import Formula
from cdk.monitoring.applications import freshness, of_each_topic, of_topic, of_writers, quality
from cdk.monitoring.dashboards import Graph, Row
from cdk.monitoring.functions import canary, http_api, of_notifier
from contracts.applications import INGEST, ORDER_ANSWERS
from contracts.topics import Topic

# Money would need one metric per currency. After a crash a metric may be published twice and then
# counts twice, while the tables count once.
_NOT_HERE = (
    "Revenue, order values, customers and categories are answers, not metrics: they are in "
    "`order_metrics` (Postgres) and `gold.order_metrics` (Athena), exact and for all time. "
    "Canary orders are among the events here and in none of those answers."
)


def shop_rows(api_id: str | None) -> Iterator[Row]:
    """From what customers do to whether the shop can rely on the answers. `api_id` is None without
    an API."""
    asked = (
        [Graph("Questions asked", {"requests": http_api(api_id, "Count", "Sum")}, 60)]
        if api_id is not None
        else []
    )
    yield Row(
        "What happens in the shop?",
        "Events that were new, by topic. Late: more than 15 minutes after their time.",
        [
            Graph("Events a minute", {each.name: _per_minute(each) for each in INGEST.reads}, 5),
            Graph("Events an hour", of_each_topic("valid_rows"), 60),
            Graph("Late", of_each_topic("late_rows"), 60),
        ],
    )
    yield Row(
        "Is somebody trying something?",
        "Fraud alerts by the rules, and those that people were told of.",
        [
            Graph("Alerts raised", of_writers("alerts_raised", "Sum"), 60),
            Graph("Notifications sent", {"sent": of_notifier("notifications_sent")}, 60),
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
            *asked,
        ],
    )
    yield Row("What is not here", _NOT_HERE, [])


def _per_minute(topic: Topic) -> Formula:
    return Formula("60 * {valid} / PERIOD({valid})", {"valid": of_topic("valid_rows", topic)})

"""The steps of the questions, in plain Python; what they give meets the answers by the questions'
own rules and folds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar

import datasketches

from contracts.tables.answer import CHANGED_IN
from emr_jobs.kernel.merge import Row
from emr_jobs.kernel.question import Question
from emr_jobs.kernel.sketches import LG_K, sketch_estimate
from emr_jobs.questions import (
    fraud_alerts,
    order_metrics,
    product_activity,
    quality,
    recent_views,
    sessions,
    trending,
)
from tests.simulation.records import HOUR, MINUTE, Event
from tests.simulation.stores.database import Session

ORDER_METRICS, FRAUD_ALERTS = order_metrics.QUESTION, fraud_alerts.QUESTION
PRODUCT_ACTIVITY, TRENDING = product_activity.QUESTION, trending.QUESTION
RECENT_VIEWS, SESSIONS, QUALITY = recent_views.QUESTION, sessions.QUESTION, quality.QUESTION

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
DAY = 24 * HOUR
# An order above this raises an alert.
SUSPICIOUS = 900
_SMALLEST_GAP = sessions.GAP // timedelta(microseconds=1)

Item = TypeVar("Item")
Step = Callable[[Iterable[Event]], Iterator[Row]]


@cache
def moment(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=micros)


def merge(
    session: Session, question: Question[Any], partials: Iterable[Row], sequence: int
) -> list[Row]:
    """Merge partial answers within a transaction; returns the rows that are new."""
    session.asked()
    changed_in = {CHANGED_IN.name: sequence}
    completed = [{**each, **changed_in} for each in partials]
    return question.merge.apply(session.rows(question.answer.table.name), completed)


def grouped(items: Iterable[Item], key: Callable[[Item], Any]) -> dict[Any, list[Item]]:
    found: dict[Any, list[Item]] = {}
    for each in items:
        found.setdefault(key(each), []).append(each)
    return found


def metrics_of_orders(orders: Iterable[Event]) -> Iterator[Row]:
    """Of one category: an order of an even amount is placed, others are cancelled."""
    for (minute, key), own in grouped(orders, lambda e: (e.event_time // MINUTE, e.key)).items():
        placed = [each.amount for each in own if each.amount % 2 == 0]
        cancelled = [each.amount for each in own if each.amount % 2]
        customers = _sketch(frozenset(amount % 7 for amount in placed))
        yield {
            "window_start": moment(minute * MINUTE),
            "window_end": moment((minute + 1) * MINUTE),
            "category": "*",
            "location": f"l{key}",
            "currency": "EUR",
            "region": min(f"r{each.amount % 3}" for each in own),
            "order_count": len(placed),
            "revenue": sum(placed),
            "largest": max(placed, default=None),
            "smallest": min(placed, default=None),
            "customers": customers,
            "unique_customers": sketch_estimate(customers),
            "cancelled_count": len(cancelled),
            "cancelled_amount": sum(cancelled),
            "closed_at": moment((minute + 1) * MINUTE + MINUTE // 2),
            "revised": sum(each.amount % 5 == 0 for each in own),
        }


@cache
def _sketch(members: frozenset[int]) -> bytes | None:
    if not members:
        return None
    sketch = datasketches.hll_sketch(LG_K, datasketches.tgt_hll_type.HLL_8)
    for each in sorted(members):
        sketch.update(each)
    found: bytes = sketch.serialize_updatable()
    return found


def alerts(orders: Iterable[Event]) -> Iterator[Row]:
    """Several suspicious orders of a customer in a day raise one alert."""
    suspicious = [each for each in orders if each.amount > SUSPICIOUS]
    for (day, key), own in grouped(suspicious, lambda e: (e.event_time // DAY, e.key)).items():
        alert = {
            "rule": "amount",
            "rule_version": 1,
            "subject": f"customer:{key}",
            "window_start": moment(day * DAY),
            "severity": "high",
            "event_time": moment(day * DAY),
            "append_time": moment(own[0].event_time),
            "region": "r",
            "evidence": own[0].event_id,
        }
        yield {**alert, **{name: make(alert) for name, make in FRAUD_ALERTS.derived.items()}}


def _counts(clicks: list[Event]) -> dict[str, int]:
    """What a click is follows from its amount."""
    actions = [each.amount % 3 for each in clicks]
    return {
        name: actions.count(number) for number, name in enumerate(("views", "carts", "purchases"))
    }


def activity(clicks: Iterable[Event]) -> Iterator[Row]:
    for (day, key), own in grouped(clicks, lambda e: (e.event_time // DAY, e.key)).items():
        place = {"product_id": f"p{key}", "day": moment(day * DAY), "currency": "EUR"}
        yield {**place, **_counts(own), "revenue": sum(e.amount for e in own if e.amount % 3 == 2)}


def wanted(clicks: Iterable[Event]) -> Iterator[Row]:
    for (hour, key), own in grouped(clicks, lambda e: (e.event_time // HOUR, e.key)).items():
        yield {
            "category": f"c{key % 2}",
            "hour": moment(hour * HOUR),
            "product_id": f"p{key}",
            **_counts(own),
        }


def views(clicks: Iterable[Event]) -> Iterator[Row]:
    for key, own in grouped(clicks, lambda e: e.key).items():
        last = moment(max(each.event_time for each in own))
        yield {"user_id": f"u{key % 2}", "product_id": f"p{key}", "viewed_at": last}


def visits(clicks: Iterable[Event]) -> Iterator[Row]:
    """The clicks of each user, cut where none came for as long as the gap."""
    for user, own in grouped(clicks, lambda e: e.key % 2).items():
        own.sort(key=lambda each: each.event_time)
        start = 0
        for index in range(1, len(own) + 1):
            if (
                index == len(own)
                or own[index].event_time - own[index - 1].event_time >= _SMALLEST_GAP
            ):
                yield _visit(user, own[start:index])
                start = index


def _visit(user: int, clicks: list[Event]) -> Row:
    return {
        "user_id": f"u{user}",
        "currency": "EUR",
        "started_at": moment(clicks[0].event_time),
        "ended_at": moment(clicks[-1].event_time),
        "region": min(f"r{each.amount % 4}" for each in clicks),
        "events": len(clicks),
        **_counts(clicks),
        "removals": sum(each.amount % 5 == 0 for each in clicks),
        "revenue": Decimal(sum(each.amount for each in clicks)),
        "products": sorted({f"p{each.key}" for each in clicks}),
    }


# Each with its step. Of orders, but for the one whose rows are announced.
OF_ORDERS: tuple[tuple[Question[Any], Step], ...] = ((ORDER_METRICS, metrics_of_orders),)
OF_CLICKS: tuple[tuple[Question[Any], Step], ...] = (
    (PRODUCT_ACTIVITY, activity),
    (TRENDING, wanted),
    (RECENT_VIEWS, views),
    (SESSIONS, visits),
)

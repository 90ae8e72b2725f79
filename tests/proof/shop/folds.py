"""The answers about the small shop's orders, each a plain fold over single records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from contracts.events import alert_id
from tests.proof.shop.events import SECOND, amount, moment, money
from tests.proof.shop.records import Record, Row


def fold_metrics(records: Iterable[Record]) -> list[Row]:
    """order_metrics as a plain fold over single orders."""
    cells: dict[tuple[int, str, str, str], list[tuple[Record, int]]] = defaultdict(list)
    for record in records:
        one = record.order
        if one is None or one.source.producer == "canary" or one.kind == "adjustment":
            continue
        amounts = {"*": one.total}
        for line in one.lines:
            amounts[line.category] = amounts.get(line.category, 0) + amount(line)
        slide = 30 * SECOND
        newest = one.event_time - one.event_time % slide
        for window in (newest, newest - slide):
            for category, minor in amounts.items():
                cells[window, category, one.location, one.currency].append((record, minor))
    return [metrics_row(key, members) for key, members in cells.items()]


def metrics_row(key: tuple[int, str, str, str], members: list[tuple[Record, int]]) -> Row:
    window, category, location, currency = key
    orders = [(record.order, minor) for record, minor in members if record.order]
    placed = [(one, minor) for one, minor in orders if one.kind == "placed"]
    cancelled = [minor for one, minor in orders if one.kind == "cancelled"]
    revenue = sum(minor for _, minor in placed)
    closed = window + 90 * SECOND
    average = (
        (money(revenue) / len(placed)).quantize(Decimal("0.01"), ROUND_HALF_UP) if placed else None
    )
    return {
        "window_start": moment(window),
        "window_end": moment(window + 60 * SECOND),
        "category": category,
        "location": location,
        "currency": currency,
        "region": min(one.region for one, _ in orders),
        "order_count": len(placed),
        "revenue": money(revenue),
        "largest": money(max(m for _, m in placed)) if placed else None,
        "smallest": money(min(m for _, m in placed)) if placed else None,
        "unique_customers": len({one.customer_id for one, _ in placed if one.customer_id}),
        "cancelled_count": len(cancelled),
        "cancelled_amount": money(-sum(cancelled)),
        "closed_at": moment(closed),
        "revised": sum(record.append_us > closed for record, _ in members),
        "changed_in": 1,
        "average": average,
    }


def fold_alerts(records: Iterable[Record]) -> list[Row]:
    """The alerts of the default pack: totals above 1000.00 GBP, and the location Unspecified."""
    found = []
    for record in records:
        one = record.order
        if one is None or one.source.producer == "canary" or one.kind != "placed":
            continue
        suspicions = [("amount", "high")] if one.total > 100_000 else []
        suspicions += [("suspicious_location", "medium")] if one.location == "Unspecified" else []
        for rule, severity in suspicions:
            subject = f"order:{one.event_id}"
            found.append(
                {
                    "alert_id": alert_id(rule, 1, subject, None),
                    "rule": rule,
                    "rule_version": 1,
                    "subject": subject,
                    "severity": severity,
                    "event_time": moment(one.event_time),
                    "append_time": moment(record.append_us),
                    "region": one.region,
                    "evidence": '{"total": "2", "z": "1"}',
                    "changed_in": 1,
                }
            )
    return found


def fold_quality(records: Iterable[Record]) -> list[Row]:
    cells: dict[tuple[str, int], list[int]] = defaultdict(lambda: [0, 0, 0])
    for record in records:
        window = record.append_us - record.append_us % (300 * SECOND)
        cells[record.topic, window][2 if record.reason else 1 if record.twin else 0] += 1
    return [
        {
            "topic": topic,
            "window_start": moment(window),
            "silver": silver,
            "duplicate": duplicate,
            "quarantine": quarantine,
            "score": (Decimal(100 * silver) / (silver + quarantine)).quantize(
                Decimal("0.01"), ROUND_HALF_UP
            )
            if silver + quarantine
            else None,
        }
        for (topic, window), (silver, duplicate, quarantine) in cells.items()
    ]

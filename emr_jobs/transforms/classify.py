"""The domain rules: which decoded events are refused, and why.

The same rules in the same order as `contracts.rejections`, as columns; a suite compares the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from contracts.events import FUTURE_ALLOWANCE_US
from contracts.rejections import (
    CURRENCY_PATTERN,
    EARLIEST_EVENT_US,
    LATEST_TIME_US,
    MAX_MINOR,
    MAX_QUANTITY,
    MAX_UNIT_PRICE,
    REQUIRED_TEXTS,
    UUID_PATTERN,
    Reason,
)
from contracts.topics import CLICKS, ORDERS, PROMOTIONS, Topic
from emr_jobs.transforms.orders import sum_of_lines


@dataclass(frozen=True)
class Rule:
    """A reason, what to say with it, and when it holds."""

    reason: Reason
    detail: str
    broken: Column


def classify(decoded: DataFrame, topic: Topic) -> DataFrame:
    """Fill `reason` and `detail` by the rules of contracts.rejections; add `late_by_us`.

    `late_by_us` is append time minus event time in microseconds, null where there is no event time.
    """
    rules = (*_envelope(topic), *_RULES[topic.name]())
    refused = F.col("refused").isNotNull()
    late_by = F.try_subtract(F.unix_micros("append_time"), F.col("event.event_time"))
    kept = [name for name in decoded.columns if name not in ("reason", "detail")]
    # In two steps: a good row meets each rule once, and no detail is looked for.
    return decoded.withColumn("refused", _first_reason(rules)).select(
        *kept,
        F.col("refused").alias("reason"),
        F.when(refused, _first_detail(rules)).alias("detail"),
        late_by.alias("late_by_us"),
    )


def _first_reason(rules: Sequence[Rule]) -> Column:
    undecoded = F.col("reason").isNotNull()
    start = F.when(undecoded, F.col("reason"))
    return reduce(lambda chain, rule: chain.when(rule.broken, rule.reason), rules, start)


def _first_detail(rules: Sequence[Rule]) -> Column:
    undecoded = F.col("reason").isNotNull()
    start = F.when(undecoded, F.col("detail"))
    return reduce(lambda chain, rule: chain.when(rule.broken, rule.detail), rules, start)


def _envelope(topic: Topic) -> list[Rule]:
    event_time = F.col("event.event_time")
    latest = F.unix_micros("append_time") + FUTURE_ALLOWANCE_US
    out_of_range = (event_time < EARLIEST_EVENT_US) | (event_time >= LATEST_TIME_US)
    return [
        Rule("invalid_event_id", "event_id is not a UUID", ~_is_uuid("event.event_id")),
        *(
            Rule("missing_field", name, F.col(f"event.{name}") == "")
            for name in REQUIRED_TEXTS[topic.name]
        ),
        Rule("time_out_of_range", "event_time", out_of_range),
        *(_time_rule(name) for name in _TIMES[topic.name]),
        Rule(
            "future_dated",
            "event_time is more than 5 minutes after append time",
            event_time > latest,
        ),
    ]


def _time_rule(name: str) -> Rule:
    time = F.col(f"event.{name}")
    return Rule("time_out_of_range", name, (time < 0) | (time >= LATEST_TIME_US))


def _currency() -> Rule:
    code = F.col("event.currency")
    good = code.rlike(CURRENCY_PATTERN) & (F.length(code) == 3)
    return Rule("invalid_currency", "currency is not three capital letters", ~good)


def _order() -> list[Rule]:
    quantities, prices = F.col("event.lines.quantity"), F.col("event.lines.unit_price")
    total = F.col("event.total")
    too_large = (
        _beyond(F.array_min(quantities), F.array_max(quantities), MAX_QUANTITY)
        | _beyond(F.array_min(prices), F.array_max(prices), MAX_UNIT_PRICE)
        | _beyond(total, total, MAX_MINOR)
    )
    unpaid = (F.col("event.kind") == "placed") & (total <= 0)
    mismatch = total != sum_of_lines("event.lines")
    return [
        _currency(),
        Rule("value_out_of_range", "quantity, unit_price or total", too_large),
        Rule("no_lines", "an order needs at least one line", F.size(quantities) == 0),
        Rule("zero_quantity", "a line has quantity 0", F.array_contains(quantities, 0)),
        Rule("negative_price", "a line has a negative unit_price", F.array_min(prices) < 0),
        Rule("total_mismatch", "total is not the sum of the line amounts", mismatch),
        Rule("nothing_to_pay", "a placed order has a total of 0 or less", unpaid),
    ]


def _click() -> list[Rule]:
    price = F.col("event.price")
    return [
        _currency(),
        Rule("value_out_of_range", "price", _beyond(price, price, MAX_MINOR)),
        Rule("negative_price", "price is negative", price < 0),
    ]


def _promotion() -> list[Rule]:
    valid_for_nothing = F.col("event.starts_at") >= F.col("event.ends_at")
    discount = F.col("event.discount_percent").between(1, 100)
    return [
        Rule("invalid_discount", "discount_percent is not 1 to 100", ~discount),
        Rule("empty_validity", "starts_at is not before ends_at", valid_for_nothing),
    ]


def _is_uuid(path: str) -> Column:
    """The length too: in Java `$` also matches before a line break at the end."""
    return F.col(path).rlike(UUID_PATTERN) & (F.length(path) == 36)


def _beyond(smallest: Column, largest: Column, limit: int) -> Column:
    """No `abs`: it raises for the smallest of all integers. Null, of no lines, is not beyond."""
    beyond = (smallest < -limit) | (largest > limit)
    return F.coalesce(beyond, F.lit(False))


_TIMES = {
    ORDERS.name: ("sent_at", "account_created_at"),
    CLICKS.name: ("sent_at",),
    PROMOTIONS.name: ("sent_at", "starts_at", "ends_at"),
}
_RULES = {ORDERS.name: _order, CLICKS.name: _click, PROMOTIONS.name: _promotion}

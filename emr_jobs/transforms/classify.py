"""The domain rules: which decoded events are refused, and why.

The same rules in the same order as `contracts.rejections`, as columns; a suite compares the two.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from contracts.events import FUTURE_ALLOWANCE_US
from contracts.rejections import (
    BOUNDED_LINE_TEXTS,
    BOUNDED_TEXTS,
    CURRENCY_PATTERN,
    EARLIEST_EVENT_US,
    LATEST_TIME_US,
    MAX_MINOR,
    MAX_QUANTITY,
    MAX_REGION_BYTES,
    MAX_TEXT_BYTES,
    MAX_UNIT_PRICE,
    REQUIRED_TEXTS,
    SOURCE_TEXTS,
    TIMES,
    UUID_PATTERN,
)
from contracts.topics import CLICKS, ORDERS, PROMOTIONS, Topic
from emr_jobs.transforms.decode import DECODED
from emr_jobs.transforms.orders import sum_of_lines, sum_of_sizes
from emr_jobs.transforms.reader import own_leaves
from emr_jobs.transforms.rules import Rule, first_detail, first_reason
from emr_jobs.transforms.steps import Step


def classify(topic: Topic) -> Step:
    """A step that fills `reason` and `detail` by the rules of contracts.rejections, and adds
    `late_by_us`: append time minus event time in microseconds, null without an event time.

    `texts`, which only the rules need, is gone.
    """
    rules = (*_envelope(topic), *_RULES[topic.name]())
    late_by = F.try_subtract(F.unix_micros("append_time"), F.col("event.event_time"))
    reason = first_reason(rules, unless=F.col("reason"))
    detail = F.when(F.col("refused").isNotNull(), first_detail(rules, unless=F.col("detail")))
    columns = (
        *map(F.col, DECODED),
        F.col("refused").alias("reason"),
        detail.alias("detail"),
        late_by.alias("late_by_us"),
    )

    def classified(decoded: DataFrame) -> DataFrame:
        # In two steps: a good row meets each rule once, and no detail is looked for.
        return decoded.withColumn("refused", reason).select(*columns)

    return classified


def _envelope(topic: Topic) -> list[Rule]:
    event_time = F.col("event.event_time")
    latest = F.unix_micros("append_time") + FUTURE_ALLOWANCE_US
    out_of_range = (event_time < EARLIEST_EVENT_US) | (event_time >= LATEST_TIME_US)
    no_uuid = ~F.col("event.event_id").rlike(UUID_PATTERN)
    present = {leaf.path for leaf in own_leaves(topic.schema)}
    return [
        Rule("invalid_event_id", "event_id is not a UUID in lower case", no_uuid),
        *(
            Rule("missing_field", name, F.col(f"event.{name}") == "")
            for name in REQUIRED_TEXTS[topic.name]
        ),
        _unusable_text(topic),
        Rule("time_out_of_range", "event_time", out_of_range),
        *(_time_rule(name) for name in TIMES if name in present),
        Rule(
            "future_dated",
            "event_time is more than 5 minutes after append time",
            event_time > latest,
        ),
    ]


def _unusable_text(topic: Topic) -> Rule:
    """Most events pass by their joined texts, which hold no U+0000 and are together shorter than a
    single text may be. Only in the other events is each text looked at."""
    faults = list(_text_faults(topic))
    long_region = F.octet_length("event.region") > MAX_REGION_BYTES
    suspicious = F.contains("texts", F.lit("\0")) | (F.octet_length("texts") > MAX_TEXT_BYTES)
    unusable = reduce(or_, (fault for fault, _ in faults))
    detail = F.lit("")
    for fault, says in reversed(faults):
        detail = F.when(fault, says).otherwise(detail)
    return Rule("invalid_text", detail, long_region | (suspicious & unusable))


def _text_faults(topic: Topic) -> Iterator[tuple[Column, str]]:
    for name in (*BOUNDED_TEXTS[topic.name], *(f"source.{name}" for name in SOURCE_TEXTS)):
        most = MAX_REGION_BYTES if name == "region" else MAX_TEXT_BYTES
        text = F.coalesce(F.col(f"event.{name}"), F.lit(""))
        yield F.contains(text, F.lit("\0")), f"{name} holds the character U+0000"
        yield F.octet_length(text) > most, f"{name} is longer than {most} bytes"
    if topic == ORDERS:
        for name in BOUNDED_LINE_TEXTS:
            texts = F.col(f"event.lines.{name}")
            yield F.exists(texts, _holds_nul), f"lines.{name} holds the character U+0000"
            yield F.exists(texts, _is_long), f"lines.{name} is longer than {MAX_TEXT_BYTES} bytes"


def _holds_nul(text: Column) -> Column:
    return F.contains(text, F.lit("\0"))


def _is_long(text: Column) -> Column:
    return F.octet_length(text) > MAX_TEXT_BYTES


def _time_rule(name: str) -> Rule:
    time = F.col(f"event.{name}")
    return Rule("time_out_of_range", name, (time < 0) | (time >= LATEST_TIME_US))


def _currency() -> Rule:
    good = F.col("event.currency").rlike(CURRENCY_PATTERN)
    return Rule("invalid_currency", "currency is not three capital letters", ~good)


def _order() -> list[Rule]:
    quantities, prices = F.col("event.lines.quantity"), F.col("event.lines.unit_price")
    total = F.col("event.total")
    numbers = (
        _beyond(F.array_min(quantities), F.array_max(quantities), MAX_QUANTITY)
        | _beyond(F.array_min(prices), F.array_max(prices), MAX_UNIT_PRICE)
        | _beyond(total, total, MAX_MINOR)
    )
    bounds = "quantity, unit_price, total or line amounts"
    unpaid = (F.col("event.kind") == "placed") & (total <= 0)
    mismatch = total != sum_of_lines("event.lines")
    amounts = sum_of_sizes("event.lines") > MAX_MINOR
    return [
        _currency(),
        # The numbers first, so that the amounts made of them cannot overflow.
        Rule("value_out_of_range", bounds, numbers),
        Rule("value_out_of_range", bounds, amounts),
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


def _beyond(smallest: Column, largest: Column, limit: int) -> Column:
    """No `abs`: it raises for the smallest of all integers. Null, of no lines, is not beyond."""
    beyond = (smallest < -limit) | (largest > limit)
    return F.coalesce(beyond, F.lit(False))


_RULES = {ORDERS.name: _order, CLICKS.name: _click, PROMOTIONS.name: _promotion}

"""Which times of which regions some events lie in, as a filter that prunes a lake table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import reduce

from pyspark.sql import Column
from pyspark.sql import functions as F

# Beyond this many spans the filter costs more to plan than it saves.
MAX_SPANS = 200


@dataclass(frozen=True)
class Span:
    """The times of some events of one region, from the first to the last."""

    region: str
    first: datetime
    last: datetime


def few(spans: Iterable[Span], most: int = MAX_SPANS) -> tuple[Span, ...]:
    """Spans that hold every time of the given ones: these, or one per region if they are more than
    `most`."""
    given = tuple(sorted(spans, key=lambda each: (each.region, each.first)))
    if len(given) <= most:
        return given
    by_region: dict[str, Span] = {}
    for each in given:
        known = by_region.setdefault(each.region, each)
        last = max(known.last, each.last)
        by_region[each.region] = Span(each.region, known.first, last)
    return tuple(by_region.values())


def within_spans(spans: Iterable[Span]) -> Column:
    """Condition on `region` and `event_time`: the row lies in one of the spans."""
    return reduce(
        Column.__or__,
        [
            (F.col("region") == each.region)
            & (F.col("event_time") >= F.lit(each.first))
            & (F.col("event_time") <= F.lit(each.last))
            for each in spans
        ],
        F.lit(False),
    )

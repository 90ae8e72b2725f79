"""Which partitions of a lake table (region, day) pairs touch, as a filter that prunes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce

from pyspark.sql import Column
from pyspark.sql import functions as F

# Beyond this many ranges the filter costs more to plan than it saves.
MAX_RANGES = 200


def contiguous(days: Iterable[date]) -> list[tuple[date, date]]:
    """The days as [first, end) ranges, in order."""
    ranges: list[tuple[date, date]] = []
    for day in sorted(set(days)):
        if ranges and ranges[-1][1] == day:
            ranges[-1] = (ranges[-1][0], day + timedelta(days=1))
        else:
            ranges.append((day, day + timedelta(days=1)))
    return ranges


def day_ranges(touched: Iterable[tuple[str, date]], column: str = "event_time") -> Column:
    """Condition on `region` and a time column that holds for every row of the touched partitions;
    with very many ranges it is wider, never narrower."""
    by_region: dict[str, set[date]] = {}
    for region, day in touched:
        by_region.setdefault(region, set()).add(day)
    ranges = {region: contiguous(days) for region, days in sorted(by_region.items())}
    if sum(map(len, ranges.values())) > MAX_RANGES:
        ranges = {region: [(found[0][0], found[-1][1])] for region, found in ranges.items()}
    return reduce(
        Column.__or__,
        [
            (F.col("region") == region) & between(column, first, end)
            for region, found in ranges.items()
            for first, end in found
        ],
        F.lit(False),
    )


def between(column: str, first: date, end: date) -> Column:
    """Condition: the time lies in [first, end), UTC."""
    return (F.col(column) >= F.lit(_midnight(first))) & (F.col(column) < F.lit(_midnight(end)))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)

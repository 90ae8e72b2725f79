"""Days as ranges of a time column, as a filter that prunes a lake table."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from pyspark.sql import Column
from pyspark.sql import functions as F


def contiguous(days: Iterable[date]) -> list[tuple[date, date]]:
    """The days as [first, end) ranges, in order."""
    ranges: list[tuple[date, date]] = []
    for day in sorted(set(days)):
        if ranges and ranges[-1][1] == day:
            ranges[-1] = (ranges[-1][0], day + timedelta(days=1))
        else:
            ranges.append((day, day + timedelta(days=1)))
    return ranges


def between(column: str, first: date, end: date) -> Column:
    """Condition: the time lies in [first, end), UTC."""
    return (F.col(column) >= F.lit(_midnight(first))) & (F.col(column) < F.lit(_midnight(end)))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)

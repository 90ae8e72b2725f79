"""Hours as ranges of a time column, as a filter that prunes a lake table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from pyspark.sql import Column
from pyspark.sql import functions as F

# Beyond this many ranges a filter costs more to plan than it saves.
MAX_RANGES = 100
_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class HourRange:
    """The times from the start of one hour to the start of a later one, UTC."""

    start: datetime
    end: datetime

    def holds(self, column: str) -> Column:
        """Condition: the time in the column lies in the range."""
        return (F.col(column) >= F.lit(self.start)) & (F.col(column) < F.lit(self.end))

    def holds_sql(self, column: str) -> str:
        """The same in Postgres' SQL."""
        return f"({column} >= '{self.start.isoformat()}' AND {column} < '{self.end.isoformat()}')"


def hour_ranges(hours: Iterable[datetime], most: int = MAX_RANGES) -> list[HourRange]:
    """At most `most` ranges that hold the hours which start at these times, and no other hour but
    where there are too many gaps: the shortest of these are closed."""
    starts = sorted(set(hours))
    if not starts:
        return []
    pairs = list(pairwise(starts))
    gaps = sorted((later - start for start, later in pairs if later - start > _HOUR), reverse=True)
    # A range more than there are gaps that stay open.
    widest = gaps[most - 1] if len(gaps) >= most else _HOUR
    ranges, first = [], starts[0]
    for start, later in pairs:
        if later - start > widest:
            ranges.append(HourRange(first, start + _HOUR))
            first = later
    return [*ranges, HourRange(first, starts[-1] + _HOUR)]

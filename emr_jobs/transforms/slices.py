"""Which parts of a published table are written again when some of its rows changed.

Each file of a region and day holds a stretch of time of its own, as a leaf of a B-tree holds a
stretch of keys. A changed row costs the files of its stretch, however long the day has grown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import reduce
from itertools import pairwise

from pyspark.sql import Column
from pyspark.sql import functions as F

from emr_jobs.transforms.spans import Span

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Slice:
    """The rows of a region, or of every region, whose time lies in [start, end), UTC."""

    region: str | None
    start: datetime
    end: datetime


def days_of(spans: Iterable[Span]) -> frozenset[datetime]:
    """The days, as their midnights, on which a time of the spans lies."""
    return frozenset(day for each in spans for day in _midnights(each.first, each.last))


def whole_days(spans: Iterable[Span]) -> tuple[Slice, ...]:
    """Every region's rows of the days on which a span lies."""
    return _joined(Slice(None, day, day + _DAY) for day in sorted(days_of(spans)))


def slices_of(files: Iterable[Span], changed: Iterable[Span]) -> tuple[Slice, ...]:
    """The parts that hold every changed time, in each region of its day, and cut no file in two.

    A row may have come from another region, so that a changed time concerns all. A file's part ends
    where the next file of its region and day begins. The first of a day begins at midnight, and the
    last ends there. Files that share a time are one.
    """
    spans, starts = tuple(changed), _starts(files)
    days = days_of(spans)
    known = {(region, day) for region, day in starts if day in days}
    new = {(each.region, day) for each in spans for day in days_of([each])}
    return _joined(
        part
        for region, day in sorted(known | new)
        for part in _parts(region, day, starts.get((region, day), []))
        if any(each.first < part.end and each.last >= part.start for each in spans)
    )


def within_slices(column: str, slices: Iterable[Slice]) -> Column:
    """Condition on `region` and the time in `column`: the row lies in one of the slices."""
    return reduce(Column.__or__, [_within(column, each) for each in slices], F.lit(False))


def _within(column: str, part: Slice) -> Column:
    time = F.col(column)
    within = (time >= F.lit(part.start)) & (time < F.lit(part.end))
    return within if part.region is None else (F.col("region") == part.region) & within


def _parts(region: str, day: datetime, starts: list[datetime]) -> list[Slice]:
    bounds = [day, *starts[1:], day + _DAY]
    return [Slice(region, start, end) for start, end in pairwise(bounds)]


def _starts(files: Iterable[Span]) -> Mapping[tuple[str, datetime], list[datetime]]:
    """Where the parts of each region and day begin, in order."""
    starts: dict[tuple[str, datetime], list[datetime]] = defaultdict(list)
    reached: dict[tuple[str, datetime], datetime] = {}
    for each in sorted(files, key=lambda one: one.first):
        place = (each.region, _midnight(each.first))
        if place not in reached or each.first > reached[place]:
            starts[place].append(each.first)
        reached[place] = max(each.last, reached.get(place, each.last))
    return starts


def _joined(slices: Iterable[Slice]) -> tuple[Slice, ...]:
    """The slices, those that follow one another as one; they come by region and time."""
    found: list[Slice] = []
    for each in slices:
        if found and (found[-1].region, found[-1].end) == (each.region, each.start):
            found[-1] = Slice(each.region, found[-1].start, each.end)
        else:
            found.append(each)
    return tuple(found)


def _midnights(first: datetime, last: datetime) -> list[datetime]:
    days = (_midnight(last) - _midnight(first)).days
    return [_midnight(first) + n * _DAY for n in range(days + 1)]


def _midnight(moment: datetime) -> datetime:
    return datetime.combine(moment.astimezone(UTC).date(), time.min, tzinfo=UTC)

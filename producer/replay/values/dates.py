"""Dates of data files in all forms, read in the one order that the whole file shows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Literal, NamedTuple

DateOrder = Literal["day-first", "month-first"]

# The form that needs no reading: UTC, if the file's zone is UTC. RE2 and `re` mean the same by it.
PLAIN = r"^\s*\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d{1,9})?)?( UTC)?\s*$"
# One whose day is no month.
BEYOND_12 = r"^\s*\d{4}-\d\d-(1[3-9]|2\d|3[01])"
WITH_OFFSET = r":\d\d(\.\d+)?( ?[AaPp]\.?[Mm]\.?)? ?(UTC|GMT|Z|[+-]\d\d(:?\d\d)?)\s*$"
# Behind a local time that no clock of the zone showed, which follows.
SKIPPED = " (skipped in "
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATE = re.compile(
    r"(?:(?P<first>\d{1,4})(?P<sep>[-/.])(?P<second>\d{1,2})(?P=sep)(?P<third>\d{1,4})"
    r"|(?P<day>\d{1,2})[ -](?P<month>[A-Za-z]{3,9})[ ,-]+(?P<year>\d{4}|\d\d)"
    r"|(?P<month2>[A-Za-z]{3,9}) (?P<day2>\d{1,2}),? (?P<year2>\d{4}))"
    r"(?:(?:T|,? +)(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second_of>\d\d)(?P<part>\.\d{1,9})?)?"
    r"(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?)?"
    r" ?(?P<offset>UTC|GMT|Z|[+-]\d\d(?::?\d\d)?)?",
    re.ASCII,
)


class Clashed(NamedTuple):
    """A local time that a change of clocks doubles or skips."""

    text: str
    what: Literal["doubled", "skipped"]


class Shape(NamedTuple):
    """What a text shows of the order of dates, if it is a date; `order` is None if it shows none,
    and `both` holds both readings where both orders fit."""

    order: DateOrder | None
    both: tuple[str, str] | None


def shape_of(text: str) -> Shape | None:
    """What one text shows; None if it is no date."""
    match = _DATE.fullmatch(text.strip())
    if match is None:
        return None
    if match["first"] is None or len(match["first"]) == 4:
        return Shape(None, None)
    if len(match["third"]) not in (2, 4):
        return None
    return _shape(int(match["first"]), int(match["second"]), match["sep"], _year(match["third"]))


def _shape(first: int, second: int, separator: str, year: int) -> Shape | None:
    if min(first, second) < 1 or max(first, second) > 31 or min(first, second) > 12 or not year:
        return None
    if second > 12:
        return Shape("month-first", None)
    if first > 12 or separator == ".":
        # Nobody writes the month first before a dot.
        return Shape("day-first", None)
    if first == second:
        return Shape(None, None)
    readings = datetime(year, second, first, tzinfo=UTC), datetime(year, first, second, tzinfo=UTC)
    by_day, by_month = (f"{moment.day} {moment:%B %Y}" for moment in readings)
    return Shape(None, (by_day, by_month))


@dataclass
class DateReading:
    """Reads the dates of a file: `order` decides where a date starts with day or month, and times
    without an offset are of `zone`."""

    order: DateOrder | None
    zone: tzinfo = UTC
    clashes: dict[str, Clashed] = field(default_factory=dict)

    def plain(self, text: str) -> str:
        """The date in the form `PLAIN`, in UTC. A text that is no date stays as it is; one that no
        clock of the zone ever showed says so."""
        match = _DATE.fullmatch(text.strip())
        if match is None:
            return text
        try:
            moment = self._moment(text, match.groupdict())
        except (ValueError, OverflowError):
            return text
        if moment is None:
            return f"{text}{SKIPPED}{self.zone})" if text in self.clashes else text
        return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(' ')} UTC"

    def _moment(self, text: str, said: Mapping[str, str | None]) -> datetime | None:
        day = self._day(said)
        hour = int(said["hour"] or 0)
        if said["half"]:
            if not 1 <= hour <= 12:
                return None
            hour = hour % 12 + (12 if said["half"] in "pP" else 0)
        # Microseconds are as fine as events are.
        micros = int(((said["part"] or ".")[1:] + "000000")[:6])
        minute, second = int(said["minute"] or 0), int(said["second_of"] or 0)
        moment = day.replace(hour=hour, minute=minute, second=second, microsecond=micros)
        if said["offset"]:
            return moment.replace(tzinfo=_offset(said["offset"]))
        # Of two hours with one name this is the earlier.
        local = moment.replace(tzinfo=self.zone, fold=0)
        if local.astimezone(UTC).astimezone(self.zone).replace(tzinfo=UTC) != moment:
            self.clashes[text] = Clashed(text, "skipped")
            return None
        if local.utcoffset() != local.replace(fold=1).utcoffset():
            self.clashes[text] = Clashed(text, "doubled")
        return local

    def _day(self, said: Mapping[str, str | None]) -> datetime:
        if name := said["month"] or said["month2"]:
            year, day = said["year"] or said["year2"], said["day"] or said["day2"]
            month = _month(name)
        else:
            year, month, day = self._numbers(said)
        assert year is not None
        assert day is not None
        return datetime(_year(year), int(month), int(day), tzinfo=UTC)

    def _numbers(self, said: Mapping[str, str | None]) -> tuple[str, str, str]:
        first, second, third = said["first"] or "", said["second"] or "", said["third"] or ""
        if len(first) == 4:
            return first, second, third
        if self.order == "day-first" or (self.order is None and said["sep"] == "."):
            return third, second, first
        return third, first, second


def _year(text: str) -> int:
    """Of two digits, 90 to 99 are of the last century; ValueError for one or three."""
    if len(text) == 4:
        return int(text)
    if len(text) != 2:
        raise ValueError(text)
    return int(text) + (1900 if int(text) >= 90 else 2000)


def _month(name: str) -> str:
    if name[:3].lower() not in _MONTHS:
        raise ValueError(name)
    return str(_MONTHS.index(name[:3].lower()) + 1)


def _offset(text: str) -> tzinfo:
    if text in ("UTC", "GMT", "Z"):
        return UTC
    hours, minutes = int(text[1:3]), int(text[3:].lstrip(":") or 0)
    size = timedelta(hours=hours, minutes=minutes)
    return timezone(-size if text[0] == "-" else size)

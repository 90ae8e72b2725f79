"""Times and prices of data files of any layout, and why a row is not used."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from contracts.money import price_from_text
from contracts.rejections import EARLIEST_EVENT_US, LATEST_TIME_US, MAX_UNIT_PRICE
from contracts.times import DAY_US, EPOCH, SECOND_US

# Stands for what a row leaves empty: the country of an order, or the category of a product.
UNSPECIFIED = "Unspecified"

_PLAIN_DECIMAL = re.compile(r"[+-]?[0-9]{1,20}(?:\.[0-9]*)?")


class RowRejected(Exception):
    """A row cannot be used; `reason` is a code, and `detail` says which value is wrong."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class TimeLimits:
    """`shift_us` is added to every date of the file; the result must not lie after `latest`."""

    shift_us: int
    latest: int


def shifted_time(column: str, text: str, parts: Sequence[int], limits: TimeLimits) -> int:
    """The shifted microseconds of a wall time taken as UTC; `parts` are year to second. RowRejected
    (``bad_date``, ``out_of_range``) if there is no such time or it is outside the limits."""
    try:
        year, month, day, hour, minute, second = parts
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise RowRejected("bad_date", about(column, text, str(error))) from error
    since = moment - EPOCH
    recorded = since.days * DAY_US + since.seconds * SECOND_US
    shifted = recorded + limits.shift_us
    if min(recorded, shifted) < EARLIEST_EVENT_US or recorded >= LATEST_TIME_US:
        raise RowRejected("out_of_range", about(column, text, "is before 1990"))
    if shifted > limits.latest:
        raise RowRejected("out_of_range", about(column, text, "is after the replay began"))
    return shifted


def signed_price(column: str, text: str) -> int:
    """Ten-thousandths of a currency unit; RowRejected (``bad_price``, ``out_of_range``) if not."""
    stripped = text.strip()
    try:
        # 1E+9999999 is a number too, and would take all memory.
        if not _PLAIN_DECIMAL.fullmatch(stripped):
            raise ValueError
        price = price_from_text(stripped)
    except ValueError as error:
        detail = about(column, text, "is not a price with at most four decimals")
        raise RowRejected("bad_price", detail) from error
    if abs(price) > MAX_UNIT_PRICE:
        raise RowRejected("out_of_range", about(column, text, "is beyond 1,000,000"))
    return price


def first_rejection(
    readings: Iterable[Callable[[], object]], reasons: Sequence[str]
) -> RowRejected | None:
    """The reason why readings of one row fail; of several, the one that `reasons` names first."""
    found: list[RowRejected] = []
    for read in readings:
        try:
            read()
        except RowRejected as rejected:
            found.append(rejected)
    return min(found, key=lambda rejected: reasons.index(rejected.reason), default=None)


def wrong_field_count(fields: Sequence[str], columns: Sequence[str]) -> RowRejected | None:
    """A rejection unless the row has a field for each column."""
    if len(fields) == len(columns):
        return None
    return RowRejected("wrong_field_count", f"{len(fields)} fields instead of {len(columns)}")


def about(column: str, value: str, problem: str) -> str:
    """The start of a value, and what is wrong with it."""
    return f"{column} {value[:40]!r} {problem}"

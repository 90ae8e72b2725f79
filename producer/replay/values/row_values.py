"""Times and prices of data files of any layout, and why a row is not used."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from contracts.data_files.layouts import squeezed
from contracts.money import price_from_text
from contracts.rejections import EARLIEST_EVENT_US, LATEST_TIME_US, MAX_QUANTITY, MAX_UNIT_PRICE
from contracts.times import micros_of
from producer.replay.values.dates import SKIPPED
from producer.replay.values.numbers import without_noise

# Stands for what a row leaves empty: the country of an order, or the category of a product.
UNSPECIFIED = "Unspecified"

_PLAIN_DECIMAL = re.compile(r"[+-]?[0-9]{1,20}(?:\.[0-9]*)?")
_WHOLE_NUMBER = re.compile(r"([+-]?[0-9]+)(?:\.0+)?")
# Enough for any quantity in range; Python refuses to convert thousands of digits.
_MOST_DIGITS = 18
_PLAIN_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[ T]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?"
    r"(?: UTC)?"
)


class RowRejected(Exception):
    """A row cannot be used: `reason` is a code, and `detail` says what is wrong with the value in
    the column. Both are empty if it is no single one."""

    def __init__(self, reason: str, column: str, value: str, problem: str) -> None:
        self.reason = reason
        self.column = column
        self.value = value
        self.detail = f"{column} {value[:40]!r} {problem}" if column else problem
        super().__init__(self.detail)


@dataclass(frozen=True)
class TimeLimits:
    """`shift_us` is added to every date of the file; the result must not lie after `latest`."""

    shift_us: int
    latest: int


def shifted_time(column: str, text: str, limits: TimeLimits) -> int:
    """The shifted microseconds of a date in its plain form. RowRejected (``repeated_header``,
    ``bad_date``, ``out_of_range``) if there is no such time or it is outside the limits."""
    stripped = text.strip()
    match = _PLAIN_TIME.fullmatch(stripped)
    if match is None:
        if squeezed(stripped) == squeezed(column):
            raise RowRejected("repeated_header", column, text, "is the column's name")
        value, skipped, zone = stripped.removesuffix(")").partition(SKIPPED)
        problem = (
            f"was never: the clocks of {zone} skip it" if skipped else "is not a date and time"
        )
        raise RowRejected("bad_date", column, value if skipped else text, problem)
    parts = [int(part or 0) for part in match.groups()[:6]]
    try:
        year, month, day, hour, minute, second = parts
        micros = int(f"{match[7] or ''}000000"[:6])
        moment = datetime(year, month, day, hour, minute, second, micros, UTC)
    except ValueError as error:
        raise RowRejected("bad_date", column, text, str(error)) from error
    recorded = micros_of(moment)
    shifted = recorded + limits.shift_us
    if min(recorded, shifted) < EARLIEST_EVENT_US or recorded >= LATEST_TIME_US:
        raise RowRejected("out_of_range", column, text, "is before 1990")
    if shifted > limits.latest:
        raise RowRejected("out_of_range", column, text, "is after the replay began")
    return shifted


def signed_price(column: str, text: str) -> int:
    """Ten-thousandths of a currency unit; RowRejected (``bad_price``, ``out_of_range``) if not."""
    stripped = text.strip()
    try:
        # 1E+9999999 is a number too, and would take all memory.
        if not _PLAIN_DECIMAL.fullmatch(stripped[:64]):
            raise ValueError
        price = price_from_text(without_noise(stripped[:64]))
    except ValueError as error:
        problem = "is not a price with at most four decimals"
        raise RowRejected("bad_price", column, text, problem) from error
    if abs(price) > MAX_UNIT_PRICE:
        raise RowRejected("out_of_range", column, text, "is beyond 1,000,000")
    return price


def signed_quantity(column: str, text: str) -> int:
    """The number of pieces, below 0 for returns; RowRejected (``bad_quantity``, ``zero_quantity``,
    ``out_of_range``) if it is none."""
    match = _WHOLE_NUMBER.fullmatch(text.strip())
    if match is None:
        raise RowRejected("bad_quantity", column, text, "is not a whole number")
    digits = match[1].lstrip("+-").lstrip("0")
    if not digits:
        raise RowRejected("zero_quantity", column, text, "is 0")
    if len(digits) > _MOST_DIGITS or int(digits) > MAX_QUANTITY:
        raise RowRejected("out_of_range", column, text, f"is beyond {MAX_QUANTITY}")
    return -int(digits) if match[1].startswith("-") else int(digits)


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


def wrong_field_count(fields: int, columns: int) -> RowRejected:
    """The rejection of a row that has not a field for each column."""
    return RowRejected("wrong_field_count", "", "", f"{fields} fields instead of {columns}")

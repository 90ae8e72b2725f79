"""Rows of the REES46 layout: what each field means, and why a row is not used.

Whitespace around a field has no meaning. Category, brand and session may be empty.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, get_args

from contracts.events import ClickType
from contracts.rejections import MAX_TEXT_BYTES
from producer.replay.files.row_values import (
    RowRejected,
    TimeLimits,
    about,
    first_rejection,
    shifted_time,
    signed_price,
    wrong_field_count,
)

COLUMNS = (
    "event_time",
    "event_type",
    "product_id",
    "category_id",
    "category_code",
    "brand",
    "price",
    "user_id",
    "user_session",
)
# Why no event is made of a row, in the order of judging: the first reason that holds is the one
# that is told. These are codes: scripts and `rejected.csv` files depend on them.
RowReason = Literal[
    # not nine fields
    "wrong_field_count",
    # event_time is not 2019-10-01 00:00:00[ UTC], or there is no such time
    "bad_date",
    # event_type is not one of `contracts.events.ClickType`
    "bad_event_type",
    # product_id is empty
    "missing_product",
    # user_id is empty
    "missing_user",
    # price is not a plain decimal number (1.25), or needs more than four decimals
    "bad_price",
    # the time is before 1990 or after the replay's start, the price is beyond 1,000,000 (a negative
    # price is sent, so that the pipeline refuses it), or a text has more than 512 bytes
    "out_of_range",
]
ROW_REASONS: tuple[RowReason, ...] = get_args(RowReason)

_TYPES: tuple[ClickType, ...] = get_args(ClickType)
_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2}) ([0-9]{2}):([0-9]{2}):([0-9]{2})(?: UTC)?",
)


def time_of(text: str, limits: TimeLimits) -> int:
    """The microseconds of an event_time, shifted; may raise RowRejected."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise RowRejected("bad_date", about("event_time", text, "is not a date and time"))
    return shifted_time("event_time", text, [int(part) for part in match.groups()], limits)


def type_of(text: str) -> ClickType:
    """The kind of step; RowRejected if there is no such kind."""
    stripped = text.strip()
    for known in _TYPES:
        if stripped == known:
            return known
    raise RowRejected(
        "bad_event_type", about("event_type", text, f"is none of {', '.join(_TYPES)}")
    )


def product_of(text: str) -> str:
    """The product's id; RowRejected if it is empty or too long."""
    return bounded("product_id", text) or _missing("missing_product", "product_id")


def user_of(text: str) -> str:
    """The user's real id; RowRejected if it is empty or too long."""
    return bounded("user_id", text) or _missing("missing_user", "user_id")


def price_of(text: str) -> int:
    """Ten-thousandths of a dollar, which may be below 0; may raise RowRejected."""
    return signed_price("price", text)


def bounded(column: str, text: str) -> str:
    """A text that may be empty; RowRejected if no event can carry it."""
    stripped = text.strip()
    if len(stripped.encode()) > MAX_TEXT_BYTES:
        raise RowRejected("out_of_range", about(column, text, f"exceeds {MAX_TEXT_BYTES} bytes"))
    return stripped


def why_rejected(fields: Sequence[str], limits: TimeLimits) -> RowRejected | None:
    """The first reason of `RowReason` that holds for a row; None if events are made of it."""
    if rejected := wrong_field_count(fields, COLUMNS):
        return rejected
    time, kind, product, _, category, brand, price, user, session = fields
    return first_rejection(
        (
            lambda: time_of(time, limits),
            lambda: type_of(kind),
            lambda: product_of(product),
            lambda: user_of(user),
            lambda: price_of(price),
            lambda: bounded("category_code", category),
            lambda: bounded("brand", brand),
            lambda: bounded("user_session", session),
        ),
        ROW_REASONS,
    )


def _missing(reason: RowReason, column: str) -> str:
    raise RowRejected(reason, f"{column} is empty")

"""Rows of the REES46 layout: what each field means, and why a row is not used.

Whitespace around a field has no meaning. Category, brand and session may be empty. Dates and
numbers are in their plain forms.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

from contracts.data_files.layouts import REES46
from contracts.events import ClickType
from contracts.rejections import MAX_TEXT_BYTES
from producer.replay.values.row_values import (
    RowRejected,
    TimeLimits,
    first_rejection,
    shifted_time,
    signed_price,
)
from producer.replay.values.words import id_of, named

COLUMNS = REES46.columns
# Why no event is made of a row, in the order of judging: the first reason that holds is the one
# that is told. These are codes: scripts and `rejected.csv` files depend on them.
RowReason = Literal[
    # not as many fields as the header
    "wrong_field_count",
    # the row is the header once more
    "repeated_header",
    # event_time is no date in the order of the file's dates, or no clock ever showed it
    "bad_date",
    # event_type is not one of `contracts.events.ClickType`
    "bad_event_type",
    # product_id is empty
    "missing_product",
    # user_id is empty
    "missing_user",
    # price is not a decimal number (1.25), or needs more than four decimals
    "bad_price",
    # the time is before 1990 or after the replay's start, the price is beyond 1,000,000 (a negative
    # price is sent, so that the pipeline refuses it), or a text has more than 512 bytes
    "out_of_range",
]
ROW_REASONS: tuple[RowReason, ...] = get_args(RowReason)

_TYPES: tuple[ClickType, ...] = get_args(ClickType)


def time_of(text: str, limits: TimeLimits) -> int:
    """The microseconds of an event_time, shifted; may raise RowRejected."""
    return shifted_time("event_time", text, limits)


def type_of(text: str) -> ClickType:
    """The kind of step; RowRejected if there is no such kind."""
    stripped = text.strip().lower()
    for known in _TYPES:
        if stripped == known:
            return known
    raise RowRejected("bad_event_type", "event_type", text, f"is none of {', '.join(_TYPES)}")


def product_of(text: str) -> str:
    """The product's id; RowRejected if it is empty or too long."""
    return id_of(bounded("product_id", text)) or _missing("missing_product", "product_id", text)


def user_of(text: str) -> str:
    """The user's real id; RowRejected if it is empty or too long."""
    return id_of(bounded("user_id", text)) or _missing("missing_user", "user_id", text)


def price_of(text: str) -> int:
    """Ten-thousandths of a dollar, which may be below 0; may raise RowRejected."""
    return signed_price("price", text)


def bounded(column: str, text: str) -> str:
    """A text that may be empty; RowRejected if no event can carry it."""
    stripped = named(text)
    if len(stripped.encode()) > MAX_TEXT_BYTES:
        raise RowRejected("out_of_range", column, text, f"exceeds {MAX_TEXT_BYTES} bytes")
    return stripped


def why_rejected(fields: Sequence[str], limits: TimeLimits) -> RowRejected | None:
    """The first reason of `RowReason` that holds for the plain texts of a row; None if events are
    made of it."""
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


def _missing(reason: RowReason, column: str, text: str) -> str:
    raise RowRejected(reason, column, text, "is empty")

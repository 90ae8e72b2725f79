"""An order as a data file tells it."""

from __future__ import annotations

from typing import NamedTuple

from contracts.data_files.layouts import ONLINE_RETAIL
from contracts.events import OrderKind
from contracts.rejections import MAX_MINOR, MAX_VALUE_BYTES

# What a value may hold besides its lines. Tokens and numbers take far less; the order's number and
# its country are counted on top, because a hostile file may make them long.
_ENVELOPE_BYTES = 1024

TOO_LARGE = f"is an order larger than {MAX_VALUE_BYTES} bytes or a total of {MAX_MINOR} pence"


class FileOrder(NamedTuple):
    """One event of an order, with encoded lines; `position` is the number of its first accepted
    row, and `place` counts, from 0, the events of its number and kind."""

    position: int
    event_time: int
    order_id: str
    kind: OrderKind
    customer: str | None
    country: str
    line_count: int
    lines: bytes
    total: int
    currency: str = ONLINE_RETAIL.currency
    place: int = 0


def is_too_large(size: int, order_id: str, country: str, total: int) -> bool:
    """Whether an order with lines of `size` bytes fits no event."""
    # A character takes at most four bytes; the rest of a value is far below the allowance.
    texts = len(order_id) + len(country)
    return size + 4 * texts + _ENVELOPE_BYTES > MAX_VALUE_BYTES or abs(total) > MAX_MINOR

"""Rows of the REES46 layout as steps of shoppers, partly encoded, column by column.

Each distinct text of a column is judged and encoded once; what a row's columns give is joined by
Arrow for a whole block.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from contracts.avro import fragments
from contracts.events import ClickType
from contracts.money import line_amount
from producer.replay.files.csv_block import Block
from producer.replay.files.readings import Readings, spread
from producer.replay.files.rejected_rows import OnRejected
from producer.replay.files.row_slice import RowSlice
from producer.replay.files.row_values import UNSPECIFIED, TimeLimits
from producer.replay.rees46 import rows as behaviour_rows
from producer.replay.rees46.rows import price_of, product_of, time_of, type_of, user_of

CURRENCY = "USD"


class Step(NamedTuple):
    """One row. `looked_at` is what `ClickValues.value` takes; `line` is the order line of one piece
    as `OrderValues.value` takes it; `total` is its amount in minor units."""

    position: int
    event_time: int
    event_type: ClickType
    user: str
    looked_at: bytes
    line: bytes
    total: int


class Steps:
    """Reads blocks, given in file order; a row is a step unless `why_rejected` has a reason.

    `rows` is the number of the last row taken in.
    """

    def __init__(self, *, limits: TimeLimits, chosen: RowSlice, on_rejected: OnRejected) -> None:
        self.rows = 0
        self._limits = limits
        self._chosen = chosen
        self._on_rejected = on_rejected
        self._times = Readings(lambda text: time_of(text, limits))
        self._types = Readings(type_of)
        self._users = Readings(user_of)
        self._products = Readings(lambda text: fragments.text(product_of(text)))
        self._categories = Readings(_category)
        self._brands = Readings(lambda text: behaviour_rows.bounded("brand", text))
        self._sessions = Readings(_session)
        self._prices = Readings(price_of)

    def events(self, blocks: Iterable[Block]) -> Iterator[Step]:
        """The steps of the slice; reading stops behind its last row."""
        for block in blocks:
            if self._chosen.is_past(self.rows + 1):
                return
            if self._chosen.overlaps(self.rows + 1, self.rows + len(block)):
                yield from self._steps(block)
            self.rows += len(block)

    def _steps(self, block: Block) -> Iterator[Step]:
        time, kind, _, _, _, _, price, user, _ = block.columns
        prices = self._prices.of(price)
        totals = [None if value is None else line_amount(1, value) for value in prices]
        looked_at, lines = self._encoded(block, prices, totals)
        columns = (
            spread(self._times.of(time), time, pa.int64()),
            spread(self._types.of(kind), kind, pa.string()),
            spread(self._users.of(user), user, pa.string()),
            looked_at,
            lines,
            spread(totals, price, pa.int64()),
        )
        rows = zip(*(column.to_pylist() for column in columns), strict=True)
        for number, row in enumerate(rows, self.rows + 1):
            if not self._chosen.holds(number):
                continue
            if None in row:
                self._reject(number, block.row(number - self.rows - 1))
            else:
                yield Step(number, *row)

    def _encoded(
        self, block: Block, prices: list[int | None], totals: list[int | None]
    ) -> tuple[pa.BinaryArray, pa.BinaryArray]:
        """What clicks and order lines hold of each row; null if any part is refused."""
        _, _, product, _, category, brand, price, _, session = block.columns
        products = spread(self._products.of(product), product, pa.binary())
        categories = spread(self._categories.of(category), category, pa.binary())
        brands = self._brands.of(brand)
        looked_at = pc.binary_join_element_wise(
            spread(self._sessions.of(session), session, pa.binary()),
            products,
            categories,
            spread([_optional(name) for name in brands], brand, pa.binary()),
            spread([_long(total) for total in totals], price, pa.binary()),
            fragments.text(CURRENCY),
            b"",
        )
        # The layout has no product name; the brand is what it says of a product.
        names = [None if name is None else fragments.text(name) for name in brands]
        lines = pc.binary_join_element_wise(
            products,
            spread(names, brand, pa.binary()),
            categories,
            fragments.long(1),
            spread([_long(value) for value in prices], price, pa.binary()),
            b"",
        )
        return looked_at, lines

    def _reject(self, number: int, fields: list[str]) -> None:
        rejected = behaviour_rows.why_rejected(fields, self._limits)
        assert rejected is not None
        self._on_rejected(number, rejected.reason, rejected.detail, fields)


def newest_time(blocks: Iterable[Block], chosen: RowSlice, latest: int) -> int | None:
    """The latest event_time among the slice's steps, unshifted; None if there are none."""
    limits = TimeLimits(shift_us=0, latest=latest)
    steps = Steps(limits=limits, chosen=chosen, on_rejected=lambda *_: None)
    return max((step.event_time for step in steps.events(blocks)), default=None)


def _category(text: str) -> bytes:
    return fragments.text(behaviour_rows.bounded("category_code", text) or UNSPECIFIED)


def _session(text: str) -> bytes:
    return fragments.optional_text(behaviour_rows.bounded("user_session", text) or None)


def _optional(text: str | None) -> bytes | None:
    return None if text is None else fragments.optional_text(text or None)


def _long(value: int | None) -> bytes | None:
    return None if value is None else fragments.long(value)

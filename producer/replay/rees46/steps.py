"""Rows of the REES46 layout as steps of shoppers, partly encoded, column by column.

Each distinct text of a column is judged and encoded once. Arrow joins the pieces of the columns for
a whole block.
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
from producer.replay.files.readings import Readings, encoded, spread
from producer.replay.files.rejected_rows import OnRejected
from producer.replay.files.row_slice import RowSlice
from producer.replay.files.row_values import UNSPECIFIED, TimeLimits
from producer.replay.rees46.rows import (
    bounded,
    price_of,
    product_of,
    time_of,
    type_of,
    user_of,
    why_rejected,
)

CURRENCY = "USD"


class Step(NamedTuple):
    """One row. `looked_at` is encoded for `ClickValues.value`, and `line`, an order line of one
    piece, for `OrderValues.value`; `total` is its amount in minor units."""

    position: int
    event_time: int
    event_type: ClickType
    user: str
    looked_at: bytes
    line: bytes
    total: int


class Steps:
    """Reads blocks in file order; a row is a step unless `rows.why_rejected` has a reason.

    `rows` is the number of the last row that was read.
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
        self._brands = Readings(lambda text: bounded("brand", text))
        self._sessions = Readings(lambda text: _optional(bounded("user_session", text)))
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
        prices = self._prices.values_of(price)
        totals = [None if value is None else line_amount(1, value) for value in prices]
        looked_at, lines = self._encoded(block, prices, totals)
        columns = (
            spread(self._times.values_of(time), time, pa.int64()),
            spread(self._types.values_of(kind), kind, pa.string()),
            spread(self._users.values_of(user), user, pa.string()),
            looked_at,
            lines,
            spread(totals, price, pa.int64()),
        )
        rows = zip(*(column.to_pylist() for column in columns), strict=True)
        for number, row in enumerate(rows, self.rows + 1):
            if not self._chosen.holds(number):
                continue
            if None in row:
                fields = block.row(number - self.rows - 1)
                rejected = why_rejected(fields, self._limits)
                assert rejected is not None
                self._on_rejected(number, rejected.reason, rejected.detail, fields)
            else:
                yield Step(number, *row)

    def _encoded(
        self, block: Block, prices: list[int | None], totals: list[int | None]
    ) -> tuple[pa.BinaryArray, pa.BinaryArray]:
        """The parts of clicks and order lines that each row gives; null if any piece is refused."""
        _, _, product, _, category, brand, price, _, session = block.columns
        products = spread(self._products.values_of(product), product, pa.binary())
        categories = spread(self._categories.values_of(category), category, pa.binary())
        brands = self._brands.values_of(brand)
        looked_at = pc.binary_join_element_wise(
            spread(self._sessions.values_of(session), session, pa.binary()),
            products,
            categories,
            spread(encoded(_optional, brands), brand, pa.binary()),
            spread(encoded(fragments.long, totals), price, pa.binary()),
            fragments.text(CURRENCY),
            b"",
        )
        # The layout has no product name, and the brand is all that it says of a product.
        lines = pc.binary_join_element_wise(
            products,
            spread(encoded(fragments.text, brands), brand, pa.binary()),
            categories,
            fragments.long(1),
            spread(encoded(fragments.long, prices), price, pa.binary()),
            b"",
        )
        return looked_at, lines


def _category(text: str) -> bytes:
    return fragments.text(bounded("category_code", text) or UNSPECIFIED)


def _optional(text: str) -> bytes:
    return fragments.optional_text(text or None)

"""Rows of the REES46 layout as steps of shoppers, partly encoded, column by column.

Each distinct text of a column is judged and encoded once. Arrow joins the pieces of the columns for
a whole block.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain, repeat
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from contracts.avro import fragments
from contracts.data_files.layouts import REES46
from contracts.events import ClickType
from contracts.money import line_amount
from producer.replay.files.csv_block import Block, Blocks
from producer.replay.files.rejected_rows import OnRejected
from producer.replay.files.row_slice import RowSlice
from producer.replay.files.scratch import EqualRows, scratch
from producer.replay.rees46.rows import (
    bounded,
    price_of,
    product_of,
    time_of,
    type_of,
    user_of,
    why_rejected,
)
from producer.replay.survey import Survey, rejection_of
from producer.replay.values.readings import Readings, encoded, spread
from producer.replay.values.row_values import UNSPECIFIED, RowRejected, TimeLimits

# Beyond the rows of any file.
LAST_ROW = 1 << 62
# Between the texts of a row's content; no text of a file holds it.
_UNIT_SEPARATOR = "\x1f"


class Step(NamedTuple):
    """One row, with what its id follows from: its `content`, and its `place` among equal rows.

    `looked_at` is encoded for `ClickValues.value`, and `line`, an order line of one
    piece, for `OrderValues.value`; `total` is its amount in minor units."""

    position: int
    place: int
    content: str
    event_time: int
    event_type: ClickType
    user: str
    looked_at: bytes
    line: bytes
    total: int


class Steps:
    """Reads a file that was surveyed; a row is a step unless `rows.why_rejected` has a reason.

    `rows` is the number of the last row that was read.
    """

    def __init__(self, *, limits: TimeLimits, chosen: RowSlice, on_rejected: OnRejected) -> None:
        self.rows = 0
        self._limits = limits
        self._chosen = chosen
        self._on_rejected = on_rejected
        self._held = ExitStack()
        self._equals: EqualRows | None = None
        self._times = Readings(lambda text: time_of(text, limits))
        self._types = Readings(type_of)
        self._users = Readings(user_of)
        self._products = Readings(lambda text: fragments.text(product_of(text)))
        self._categories = Readings(_category)
        self._brands = Readings(lambda text: bounded("brand", text))
        self._sessions = Readings(lambda text: _optional(bounded("user_session", text)))
        self._prices = Readings(price_of)
        self._product_texts = Readings(product_of)
        self._category_texts = Readings(lambda text: bounded("category_code", text))
        self._session_texts = Readings(lambda text: bounded("user_session", text))

    def survey(self, file: Blocks) -> Survey:
        """Look at all rows, and keep on disk which of them are equal."""
        self._equals, survey = EqualRows(self._held.enter_context(scratch())), Survey()
        for block in file.blocks():
            numbers = pa.array(range(survey.rows + 1, survey.rows + len(block) + 1), pa.int64())
            contents = self._contents(block)
            self._equals.add(contents, numbers)
            bad = pc.indices_nonzero(contents.is_null()).to_pylist() if contents.null_count else []
            survey.add(block, bad, self._why)
        return survey

    def close(self) -> None:
        """Remove what is kept on disk."""
        self._held.close()

    def events(self, file: Blocks) -> Iterator[Step]:
        """The steps of the slice; reading stops behind it."""
        assert self._equals is not None
        # Behind the last row stands one that never comes.
        places = chain(self._equals.places(), repeat((LAST_ROW, 0)))
        place = next(places)
        for step in self._read(file):
            while place[0] < step.position:
                place = next(places)
            yield step._replace(place=place[1]) if place[0] == step.position else step

    def newest_time(self, file: Blocks) -> int | None:
        """The latest time of the slice; None without steps."""
        return max((step.event_time for step in self._read(file)), default=None)

    def _read(self, file: Blocks) -> Iterator[Step]:
        """The steps of the slice, as if no rows were equal."""
        self.rows = 0
        for block in file.blocks():
            if self._chosen.is_past(self.rows + 1):
                return
            if self._chosen.overlaps(self.rows + 1, self.rows + len(block)):
                yield from self._steps(block)
            self.rows += len(block)

    def _contents(self, block: Block) -> pa.StringArray:
        """What each row says, see `contracts.events.replayed_click_id`; null for one that makes no
        event."""
        time, kind, product, _, category, brand, price, user, session = block.columns
        shift = self._limits.shift_us
        times = [
            None if value is None else str(value - shift) for value in self._times.values_of(time)
        ]
        prices = [None if value is None else str(value) for value in self._prices.values_of(price)]
        texts = (
            (times, time),
            (self._types.values_of(kind), kind),
            (self._users.values_of(user), user),
            (self._product_texts.values_of(product), product),
            (self._category_texts.values_of(category), category),
            (self._brands.values_of(brand), brand),
            (prices, price),
            (self._session_texts.values_of(session), session),
        )
        columns = [spread(meanings, column, pa.string()) for meanings, column in texts]
        return pc.binary_join_element_wise(*columns, _UNIT_SEPARATOR)

    def _steps(self, block: Block) -> Iterator[Step]:
        time, kind, _, _, _, _, price, user, _ = block.columns
        prices = self._prices.values_of(price)
        totals = [None if value is None else line_amount(1, value) for value in prices]
        looked_at, lines = self._encoded(block, prices, totals)
        columns = (
            self._contents(block),
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
                index = number - self.rows - 1
                self._on_rejected(number, rejection_of(block, index, self._why), block.row(index))
            else:
                yield Step(number, 0, *row)

    def _why(self, texts: list[str]) -> RowRejected | None:
        return why_rejected(texts, self._limits)

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
            fragments.text(REES46.currency),
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

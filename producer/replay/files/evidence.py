"""What all rows of a file show together: the order of its dates, its decimal sign, its time zone.

One row may fit two readings. The file is read by what its rows leave possible, and refused, with
both readings, if that is more than one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from contracts.data_files.layouts import FileLayout
from contracts.data_files.texts import SIGNS
from contracts.errors import Usage
from producer.replay.files.csv_block import Block
from producer.replay.files.given import Given
from producer.replay.files.header import Header
from producer.replay.values import dates, numbers, words
from producer.replay.values.dates import DateOrder, DateReading
from producer.replay.values.numbers import Decimal, NumberReading
from producer.replay.values.readings import Readings

# A text, and the row that has it first.
_Example = tuple[str, int]


@dataclass(frozen=True)
class Meaning:
    """How the texts of the layout's columns are read before anything else: by place, and only where
    they are not plain already. `found` and `warnings` are for a person. `is_local` tells whether a
    date has no offset."""

    plain: dict[int, Readings[str]]
    found: dict[str, str]
    warnings: list[str]
    dates: DateReading
    is_local: bool

    def plain_columns(
        self, columns: Sequence[pa.DictionaryArray]
    ) -> tuple[pa.DictionaryArray, ...]:
        """The columns in their plain forms."""
        return tuple(
            self._plain(self.plain[at], column) if at in self.plain else column
            for at, column in enumerate(columns)
        )

    def _plain(self, read: Readings[str], column: pa.DictionaryArray) -> pa.DictionaryArray:
        texts = pa.array(read.values_of(column), pa.string())
        return pa.DictionaryArray.from_arrays(column.indices, texts)


@dataclass
class Evidence:
    """Takes all rows of a file, block by block, and then tells what they mean."""

    layout: FileLayout
    header: Header
    _orders: dict[DateOrder, _Example] = field(default_factory=dict)
    _either: tuple[_Example, tuple[str, str]] | None = None
    _plain_dates: bool = True
    # Whether a date in the plain form, which begins with the year, was seen, and one whose day is
    # no month.
    _year_first: bool = False
    _beyond_12: bool = False
    _no_offset: bool = False
    _decimals: dict[Decimal, _Example] = field(default_factory=dict)
    _grouped: _Example | None = None
    _not_plain: set[str] = field(default_factory=set)
    _noise: _Example | None = None
    _lost: dict[str, tuple[_Example, int]] = field(default_factory=dict)

    def add(self, block: Block, rows: int) -> None:
        """Look at a block behind `rows` rows."""
        columns = dict(zip(self.layout.columns, self.header.positions, strict=True))
        for name in self._dates():
            self._add_dates(block.columns[columns[name]], rows)
        for name in self.layout.numbers:
            self._add_numbers(name, block.columns[columns[name]], rows)
        for name in self.layout.ids:
            self._add_ids(name, block.columns[columns[name]], rows)

    def meaning(self, path: Path, given: Given) -> Meaning:
        """How the file is read; Usage, with both readings, if its rows leave two."""
        order = given.dates or self._order(path)
        decimal = given.decimal or self._decimal(path)
        zone = UTC if given.timezone in ("", "UTC") else ZoneInfo(given.timezone)
        reading = DateReading(order, zone)
        plain: dict[int, Readings[str]] = {}
        if not self._plain_dates or (zone != UTC and self._no_offset):
            for name in self._dates():
                plain[self.layout.columns.index(name)] = Readings(reading.plain)
        for name in self.layout.numbers if decimal == "," else self._not_plain:
            signs = SIGNS[self.layout.currency] if name in self.layout.prices else ()
            plain[self.layout.columns.index(name)] = Readings(NumberReading(decimal, signs).plain)
        found: dict[str, str] = {"decimal sign": decimal, "dates": order or "year first"}
        if order and order in self._orders and not given.dates:
            text, row = self._orders[order]
            found["dates"] = f"{order} (row {row}: {text.strip()[:40]})"
        if self._no_offset:
            found["time zone"] = given.timezone or "UTC (--timezone NAME says another)"
        else:
            found["time zone"] = "each date has its own"
        return Meaning(plain, found, self._warnings(), reading, self._no_offset)

    def _dates(self) -> tuple[str, ...]:
        return self.layout.date, *self.layout.other_dates

    def _add_dates(self, column: pa.DictionaryArray, rows: int) -> None:
        texts = column.dictionary
        with_offset = pc.match_substring_regex(texts, dates.WITH_OFFSET)
        empty = pc.equal(pc.utf8_trim_whitespace(texts), "")
        self._no_offset = self._no_offset or pc.or_(with_offset, empty).true_count < len(texts)
        plain = pc.match_substring_regex(texts, dates.PLAIN)
        self._year_first = self._year_first or plain.true_count > 0
        late = pc.match_substring_regex(texts, dates.BEYOND_12)
        self._beyond_12 = self._beyond_12 or late.true_count > 0
        other = pc.invert(plain)
        if not other.true_count:
            return
        self._plain_dates = False
        if len(self._orders) == 2:
            return
        for at in pc.indices_nonzero(other).to_pylist():
            text = texts[at].as_py()
            shape = dates.shape_of(text)
            if shape is None:
                continue
            if shape.order and shape.order not in self._orders:
                self._orders[shape.order] = (text, _row_of(column, at, rows))
            if shape.both and self._either is None:
                self._either = ((text, _row_of(column, at, rows)), shape.both)

    def _add_numbers(self, name: str, column: pa.DictionaryArray, rows: int) -> None:
        texts = column.dictionary
        long = pc.match_substring_regex(texts, numbers.LONG)
        if self._noise is None and long.true_count:
            at = pc.indices_nonzero(long)[0].as_py()
            self._noise = (texts[at].as_py(), _row_of(column, at, rows))
        other = pc.invert(pc.match_substring_regex(texts, numbers.PLAIN))
        if other.true_count:
            self._not_plain.add(name)
        elif "." in self._decimals:
            return
        signs = SIGNS[self.layout.currency] if name in self.layout.prices else ()
        for at, text in enumerate(texts.to_pylist()):
            bare = numbers.bare(text, signs)
            shown = numbers.decimal_shown(bare)
            if shown and shown not in self._decimals:
                self._decimals[shown] = (text, _row_of(column, at, rows))
            if shown is None and set(bare) & {".", ","} and self._grouped is None:
                self._grouped = (text, _row_of(column, at, rows))

    def _add_ids(self, name: str, column: pa.DictionaryArray, rows: int) -> None:
        found = pc.match_substring_regex(column.dictionary, words.SCIENTIFIC)
        if not found.true_count:
            return
        texts = column.dictionary.to_pylist()
        lost = pa.array([words.lost_digits(text) for text in texts], pa.bool_())
        held = lost.take(column.indices).true_count
        if held:
            at = pc.indices_nonzero(lost)[0].as_py()
            example, before = self._lost.get(name, ((texts[at], _row_of(column, at, rows)), 0))
            self._lost[name] = example, before + held

    def _order(self, path: Path) -> DateOrder | None:
        if len(self._orders) == 2:
            (day, day_row), (month, month_row) = (
                self._orders["day-first"],
                self._orders["month-first"],
            )
            raise Usage(
                f"{path}: the dates are in two orders: row {day_row} has {day.strip()[:40]}, "
                f"row {month_row} has {month.strip()[:40]}",
                cause="a tool changed some of them",
                command="--dates day-first or --dates month-first: the other rows are rejected",
            )
        if not self._orders and self._either is not None:
            (text, row), (by_day, by_month) = self._either
            raise Usage(
                f"{path}: the dates can be read in two ways: {text.strip()[:40]} in row {row} is "
                f"{by_day} or {by_month}",
                cause="no date of the file has a day beyond 12",
                command=f"--dates day-first ({by_day}) or --dates month-first ({by_month})",
            )
        if self._orders and self._year_first and not self._beyond_12:
            ((text, row),) = self._orders.values()
            raise Usage(
                f"{path}: some dates are as {text.strip()[:40]} (row {row}), and the others begin "
                "with the year: of these no day is beyond 12",
                cause="a spreadsheet of another country turned the days and months of some around",
                command="save the file with one form of dates; or --dates ORDER if all are right",
            )
        return next(iter(self._orders), None)

    def _decimal(self, path: Path) -> Decimal:
        if len(self._decimals) == 2:
            told = " and ".join(
                f"{text.strip()[:40]!r} in row {row}" for text, row in self._decimals.values()
            )
            raise Usage(
                f"{path}: the numbers have two decimal signs: {told}",
                cause="a tool changed some of them",
                command="--decimal . or --decimal , : the other rows are rejected",
            )
        if not self._decimals and self._grouped is not None:
            text, row = self._grouped
            bare = text.strip()[:40]
            by_dot, by_comma = bare.replace(",", ""), bare.replace(".", "").replace(",", ".")
            raise Usage(
                f"{path}: the numbers can be read in two ways: {bare} in row {row} is "
                f"{by_dot} or {by_comma}",
                cause="no number of the file shows which sign stands before decimals",
                command=f"--decimal . ({by_dot}) or --decimal , ({by_comma})",
            )
        return next(iter(self._decimals), ".")

    def _warnings(self) -> list[str]:
        told = [
            f"{name}: {count:,} rows hold a number as {text.strip()[:40]} (row {row}): its last "
            "digits are lost, so what was different is one"
            for name, ((text, row), count) in self._lost.items()
        ]
        if self._noise is not None:
            text, row = self._noise
            told.append(f"prices as {text.strip()[:40]} (row {row}) lose the noise of a float")
        if self.header.ignored:
            told.append(f"columns that are not read: {', '.join(self.header.ignored)[:200]}")
        return told


def _row_of(column: pa.DictionaryArray, at: int, rows: int) -> int:
    """The number of the first row with a text of the column, behind `rows` rows."""
    return rows + int(pc.index(column.indices, pa.scalar(at, pa.int32())).as_py()) + 1

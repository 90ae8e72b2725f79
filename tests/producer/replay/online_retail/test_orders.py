"""Rows grouped into orders: at any distance, in order, by slices and kinds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.rejections import LATEST_TIME_US
from producer.replay import file_order
from producer.replay.file_order import FileOrder
from producer.replay.files.csv_block import Block
from producer.replay.files.row_slice import RowSlice
from producer.replay.online_retail.layout import OnlineRetail
from producer.replay.online_retail.rows import COLUMNS, time_of
from producer.replay.values.patterns import read_patterns
from producer.replay.values.row_values import RowRejected, TimeLimits
from tests.producer.retail import EXAMPLES, row

LIMITS = TimeLimits(shift_us=0, latest=LATEST_TIME_US)
CATEGORIES = read_patterns(EXAMPLES / "categories.csv", "category")
REGIONS = read_patterns(EXAMPLES / "regions.csv", "region")
FILLER = row(invoice="")  # rejected, but a row all the same


class Rejections:
    def __init__(self) -> None:
        self.rows: list[tuple[int, str]] = []

    def add(self, number: int, why: RowRejected, _fields: list[str]) -> None:
        self.rows.append((number, why.reason))


def orders_of(
    rows: list[list[str]],
    chosen: RowSlice | None = None,
    rejections: Rejections | None = None,
    block: int = 7,
) -> list[FileOrder]:
    layout = OnlineRetail(CATEGORIES, REGIONS)
    file = File(rows, block)
    rejected = rejections or Rejections()
    reading = layout.reading(LIMITS, chosen or RowSlice(), rejected.add)
    reading.survey(file)
    return list(reading.events(file))


@dataclass
class File:
    """Rows in blocks of `size`, and how many were read last."""

    rows: list[list[str]]
    size: int
    read: int = 0

    def blocks(self) -> Iterator[Block]:
        for at in range(0, len(self.rows), self.size):
            self.read = min(at + self.size, len(self.rows))
            yield Block.of_rows(self.rows[at : self.read], len(COLUMNS))


@pytest.mark.parametrize("block", [1, 600, 5000])
def test_an_invoice_is_one_order_at_any_distance(block: int) -> None:
    (order, other) = orders_of([row(), row("2"), *[FILLER] * 3000, row()], block=block)
    assert (order.position, order.line_count, other.position) == (1, 2, 2)


def test_the_order_of_rows_changes_nothing_but_the_positions() -> None:
    rows = [row(product=product, customer=customer) for product, customer in ("A2", "B1", "C3")]
    (one,), (other,) = orders_of(rows), orders_of(rows[::-1])
    assert one == other
    assert one.customer == "1"


def test_orders_leave_in_the_order_of_their_first_accepted_row() -> None:
    rows = [
        row("1", quantity="0"),
        row("2"),
        row("1"),
        row("3"),
        row("2"),
        *[row("4")] * 3000,
        row("5"),
    ]
    found = [(order.order_id, order.position) for order in orders_of(rows)]
    assert found == [("2", 2), ("1", 3), ("3", 4), ("4", 6), ("5", 3006)]


def test_what_an_order_takes_from_which_line() -> None:
    rows = [
        row(date="2010-12-01 08:26:00", customer="", country="Spain"),
        row(date="2010-12-01 08:20:00", customer=" ", country="France"),
        row(date="2010-12-01 08:30:00", customer="2.0", quantity="-1", price="1.005"),
        row(customer="3.0", country=""),
    ]
    (order,) = orders_of(rows)
    assert order.event_time == time_of("2010-12-01 08:20:00", LIMITS)
    assert (order.customer, order.country, order.line_count) == ("2", "France", 4)
    # -1 x 1.005 is rounded away from zero by itself, before it is added.
    assert order.total == 1530 + 1530 - 101 + 1530


def test_an_order_without_customer_and_country() -> None:
    (order,) = orders_of([row(customer="", country="")])
    assert (order.customer, order.country) == (None, "Unspecified")


@pytest.mark.parametrize(
    ("invoice", "lines", "kind"),
    [
        pytest.param("536365", [("1", "0.01")], "placed", id="a penny"),
        pytest.param("536365", [("1", "0")], "adjustment", id="nothing to pay"),
        pytest.param("536365", [("-1", "2")], "adjustment", id="less than nothing"),
        pytest.param("536365", [("1", "2"), ("-1", "2")], "adjustment", id="sums to nothing"),
        pytest.param("C536365", [("-1", "2")], "cancelled", id="cancellation"),
        pytest.param("C536365", [("1", "2")], "cancelled", id="cancellation with a positive total"),
        pytest.param("c536365", [("1", "2")], "placed", id="small letter is another letter"),
    ],
)
def test_kinds(invoice: str, lines: list[tuple[str, str]], kind: str) -> None:
    rows = [row(invoice, quantity=quantity, price=price) for quantity, price in lines]
    assert [order.kind for order in orders_of(rows)] == [kind]


def test_rejected_rows_are_told_with_their_numbers() -> None:
    rejections = Rejections()
    orders_of([row(), ["x"], row("A1"), row(), row(price="x")], rejections=rejections)
    assert rejections.rows == [
        (2, "wrong_field_count"),
        (3, "bad_debt_invoice"),
        (5, "bad_price"),
    ]


def test_an_order_too_large_for_one_value_is_rejected_row_by_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(file_order, "MAX_VALUE_BYTES", 2000)
    rejections = Rejections()
    rows = [row("1"), *[row("2")] * 100, row("3"), row("2")]
    orders = orders_of(rows, rejections=rejections)
    assert [order.order_id for order in orders] == ["1", "3"]
    assert sorted(rejections.rows) == [(n, "out_of_range") for n in [*range(2, 102), 103]]


def test_a_total_beyond_the_limit_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_order, "MAX_MINOR", 1530)
    rejections = Rejections()
    orders = orders_of([row("1"), row("2"), row("2")], rejections=rejections)
    assert [order.order_id for order in orders] == ["1"]
    assert rejections.rows == [(2, "out_of_range"), (3, "out_of_range")]


ROWS = st.lists(
    st.builds(
        row,
        invoice=st.sampled_from(["1", "2", "C3", "4", "", "A5"]),
        product=st.sampled_from(["P", "Q", ""]),
        quantity=st.sampled_from(["1", "-2", "0", "x", "3.0"]),
        date=st.sampled_from(["2010-12-01 08:26:00", "2010-12-01 08:27", "?"]),
        customer=st.sampled_from(["", "7.0", "8"]),
    ),
    max_size=60,
)


@given(rows=ROWS, cut=st.integers(1, 60), block=st.integers(1, 9))
def test_slices_compose_to_the_whole(rows: list[list[str]], cut: int, block: int) -> None:
    seen, first, rest = Rejections(), Rejections(), Rejections()
    whole = orders_of(rows, rejections=seen, block=60)
    before = orders_of(rows, RowSlice(1, cut), first, block)
    after = orders_of(rows, RowSlice(cut + 1), rest, block)
    assert before + after == whole
    assert {n for n, _ in first.rows} | {n for n, _ in rest.rows} == {n for n, _ in seen.rows}
    assert all(n <= cut for n, _ in first.rows)


@given(rows=ROWS)
def test_grouping_equals_its_definition(rows: list[list[str]]) -> None:
    seen = Rejections()
    found = orders_of(rows, rejections=seen)
    rejected = {number for number, _ in seen.rows}
    groups: dict[str, list[int]] = {}
    for number, fields in enumerate(rows, start=1):
        if number not in rejected:
            groups.setdefault(fields[0], []).append(number)
    assert [(order.order_id, order.position, order.line_count) for order in found] == [
        (invoice, group[0], len(group)) for invoice, group in groups.items()
    ]


def test_the_newest_time_is_of_accepted_rows_of_the_slice() -> None:
    rows = [
        row(date="2011-01-01 00:00:00"),
        row(date="2010-12-01 08:27:00"),
        row(date="2010-12-01 08:26:00"),
        row(date="2011-01-01 00:00:00", quantity="0"),
        row(date="2011-01-01 00:00:00"),
    ]
    layout = OnlineRetail(CATEGORIES, REGIONS)
    newest = layout.newest_time(File(rows, 2), RowSlice(2, 4))
    assert newest == time_of("2010-12-01 08:27:00", LIMITS)
    assert layout.newest_time(File(rows, 2), RowSlice(4, 4)) is None


def test_reading_stops_soon_after_the_slice() -> None:
    file = File([row(str(number)) for number in range(1000)], 10)
    reading = OnlineRetail(CATEGORIES, REGIONS).reading(LIMITS, RowSlice(1, 10), Rejections().add)
    reading.survey(file)
    assert len(list(reading.events(file))) == 10
    assert file.read == 20


def test_the_shipped_tables_name_everything() -> None:
    assert CATEGORIES.name_of("white hanging heart t-light holder") == "lights-and-candles"
    assert CATEGORIES.name_of("something else") == "other"
    assert REGIONS.name_of("EIRE") == "western-europe"
    assert REGIONS.name_of("Unspecified") == "other"

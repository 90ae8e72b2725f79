"""Rows grouped into orders: look-ahead, order, slices, kinds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.rejections import LATEST_TIME_US
from producer.replay.files.csv_block import Block
from producer.replay.files.patterns import read_patterns
from producer.replay.files.row_slice import RowSlice
from producer.replay.files.row_values import TimeLimits
from producer.replay.online_retail import orders as retail_orders
from producer.replay.online_retail.layout import OnlineRetail
from producer.replay.online_retail.orders import Grouping, RetailOrder
from producer.replay.online_retail.rows import COLUMNS, time_of
from tests.producer.retail import EXAMPLES, row

LIMITS = TimeLimits(shift_us=0, latest=LATEST_TIME_US)
CATEGORIES = read_patterns(EXAMPLES / "categories.csv", "category")
FILLER = row(invoice="")  # rejected, but a row all the same


class Rejections:
    def __init__(self) -> None:
        self.rows: list[tuple[int, str]] = []

    def add(self, number: int, reason: str, _detail: str, _fields: list[str]) -> None:
        self.rows.append((number, reason))


def orders_of(
    rows: list[list[str]],
    chosen: RowSlice | None = None,
    rejections: Rejections | None = None,
    block: int = 7,
) -> list[RetailOrder]:
    grouping = Grouping(
        limits=LIMITS,
        categories=CATEGORIES,
        chosen=chosen or RowSlice(),
        on_rejected=(rejections or Rejections()).add,
    )
    return list(grouping.events(blocks(rows, block)))


def blocks(rows: list[list[str]], size: int) -> Iterator[Block]:
    return (Block.of_rows(rows[at : at + size], len(COLUMNS)) for at in range(0, len(rows), size))


@pytest.mark.parametrize(
    ("between", "positions"),
    [
        pytest.param(0, [1], id="next row"),
        pytest.param(999, [1], id="exactly 1,000 rows later"),
        pytest.param(1000, [1, 1002], id="1,001 rows later begins a new order"),
    ],
)
@pytest.mark.parametrize("block", [1, 600, 5000])
def test_the_look_ahead_of_an_invoice(between: int, positions: list[int], block: int) -> None:
    orders = orders_of([row(), *[FILLER] * between, row()], block=block)
    assert [order.position for order in orders] == positions
    assert {order.order_id for order in orders} == {"536365"}


def test_each_line_extends_the_look_ahead() -> None:
    rows = [row(), *[FILLER] * 900, row(), *[FILLER] * 900, row()]
    assert [order.line_count for order in orders_of(rows)] == [3]


def test_a_rejected_row_does_not_extend_the_look_ahead() -> None:
    rows = [row(), *[FILLER] * 500, row(quantity="0"), *[FILLER] * 500, row()]
    assert [order.position for order in orders_of(rows)] == [1, 1003]


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
        row(date="2010-12-01 08:26:00", customer="", country="France"),
        row(date="2010-12-01 08:20:00", customer=" ", country="Spain"),
        row(date="2010-12-01 08:30:00", customer="2.0", quantity="-1", price="1.005"),
        row(customer="3.0"),
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
    monkeypatch.setattr(retail_orders, "MAX_VALUE_BYTES", 2000)
    rejections = Rejections()
    rows = [row("1"), *[row("2")] * 100, row("3"), row("2")]
    orders = orders_of(rows, rejections=rejections)
    assert [order.order_id for order in orders] == ["1", "3"]
    assert sorted(rejections.rows) == [(n, "out_of_range") for n in [*range(2, 102), 103]]


def test_a_total_beyond_the_limit_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retail_orders, "MAX_MINOR", 1530)
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
        date=st.sampled_from(["2010-12-01 08:26:00", "12/1/2010 8:27", "?"]),
        customer=st.sampled_from(["", "7.0", "8"]),
    ),
    max_size=60,
)


@settings(deadline=None)
@given(rows=ROWS, look_ahead=st.integers(1, 8), cut=st.integers(1, 60), block=st.integers(1, 9))
def test_slices_compose_to_the_whole(
    rows: list[list[str]], look_ahead: int, cut: int, block: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retail_orders, "LOOK_AHEAD_ROWS", look_ahead)
        seen, first, rest = Rejections(), Rejections(), Rejections()
        whole = orders_of(rows, rejections=seen, block=60)
        before = orders_of(rows, RowSlice(1, cut), first, block)
        after = orders_of(rows, RowSlice(cut + 1), rest, block)
    assert before + after == whole
    assert {n for n, _ in first.rows} | {n for n, _ in rest.rows} == {n for n, _ in seen.rows}
    assert all(n <= cut for n, _ in first.rows)


@settings(deadline=None)
@given(rows=ROWS, look_ahead=st.integers(1, 8))
def test_grouping_equals_its_definition(rows: list[list[str]], look_ahead: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retail_orders, "LOOK_AHEAD_ROWS", look_ahead)
        seen = Rejections()
        found = orders_of(rows, rejections=seen)
    rejected = {number for number, _ in seen.rows}
    groups: list[list[int]] = []
    for number, fields in enumerate(rows, start=1):
        if number in rejected:
            continue
        of_invoice = [group for group in groups if rows[group[0] - 1][0] == fields[0]]
        if of_invoice and number - of_invoice[-1][-1] <= look_ahead:
            of_invoice[-1].append(number)
        else:
            groups.append([number])
    assert [(order.position, order.line_count) for order in found] == [
        (group[0], len(group)) for group in groups
    ]


def test_the_newest_time_is_of_accepted_rows_of_the_slice() -> None:
    rows = [
        row(date="2011-01-01 00:00:00"),
        row(date="2010-12-01 08:27:00"),
        row(date="2010-12-01 08:26:00"),
        row(date="2011-01-01 00:00:00", quantity="0"),
        row(date="2011-01-01 00:00:00"),
    ]
    layout = OnlineRetail(CATEGORIES, read_patterns(EXAMPLES / "regions.csv", "region"))
    newest = layout.newest_time(blocks(rows, 2), RowSlice(2, 4))
    assert newest == time_of("2010-12-01 08:27:00", LIMITS)
    assert layout.newest_time(blocks(rows, 2), RowSlice(4, 4)) is None


def test_reading_stops_soon_after_the_slice() -> None:
    read = 0

    def counted() -> Iterator[Block]:
        nonlocal read
        for number in range(100_000):
            read = number
            yield Block.of_rows([row(str(number))], len(COLUMNS))

    grouping = Grouping(
        limits=LIMITS, categories=CATEGORIES, chosen=RowSlice(1, 10), on_rejected=Rejections().add
    )
    assert len(list(grouping.events(counted()))) == 10
    assert read < 1100


def test_the_shipped_tables_name_everything(tmp_path: Path) -> None:
    regions = read_patterns(EXAMPLES / "regions.csv", "region")
    assert CATEGORIES.name_of("white hanging heart t-light holder") == "lights-and-candles"
    assert CATEGORIES.name_of("something else") == "other"
    assert regions.name_of("EIRE") == "western-europe"
    assert regions.name_of("Unspecified") == "other"

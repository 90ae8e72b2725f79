"""Whole columns are read as `rows` reads one row, and neighbours of one invoice are joined."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.avro import fragments
from contracts.money import line_amount
from contracts.rejections import LATEST_TIME_US, MAX_QUANTITY, MAX_UNIT_PRICE
from producer.replay.files import text_lines
from producer.replay.files.csv_block import Block
from producer.replay.online_retail.order_lines import (
    InvoicePart,
    OrderLineReader,
    line_amounts,
    parts_of,
)
from producer.replay.online_retail.rows import (
    COLUMNS,
    customer_of,
    price_of,
    product_name_of,
    quantity_of,
    time_of,
    why_rejected,
)
from producer.replay.values import readings
from producer.replay.values.patterns import read_patterns
from producer.replay.values.row_values import TimeLimits
from tests.producer.retail import EXAMPLES, row

LIMITS = TimeLimits(shift_us=0, latest=LATEST_TIME_US)
CATEGORIES = read_patterns(EXAMPLES / "categories.csv", "category")


def read(rows: list[list[str]], before: int = 0) -> tuple[list[InvoicePart], list[int]]:
    lines, rejected = OrderLineReader(LIMITS, CATEGORIES).read(
        Block.of_rows(rows, len(COLUMNS)), before
    )
    return list(parts_of(lines)), rejected


@pytest.mark.parametrize(
    ("rows", "parts"),
    [
        pytest.param([row(), row(product="Q", quantity="1")], [[1, 2]], id="another line"),
        pytest.param([row("1"), row("2")], [[1], [2]], id="another invoice"),
        pytest.param([row(), row(date="2010-12-01 08:27")], [[1, 2]], id="another date"),
        pytest.param([row(), row(customer="")], [[1, 2]], id="another customer"),
        pytest.param([row(), row(price="x"), row()], [[1, 3]], id="a rejected row between"),
        pytest.param([["x"], row(), row()], [[2, 3]], id="a rejected row before"),
        pytest.param([["x"], row(price="x")], [], id="nothing but rejected rows"),
    ],
)
def test_where_parts_begin_and_end(rows: list[list[str]], parts: list[list[int]]) -> None:
    assert [part.rows for part in read(rows)[0]] == parts
    assert [[number - 70 for number in part.rows] for part in read(rows, before=70)[0]] == parts


ROWS = st.lists(
    st.one_of(
        st.builds(
            row,
            invoice=st.sampled_from(["1", " 1", "C2", "", "A5"]),
            product=st.sampled_from(["P", "Q ", "", " "]),
            description=st.sampled_from(["RED BAG", " £ LANTERN", ""]),
            quantity=st.sampled_from(["1", "-20", "0", "x", "3.0", "9999999"]),
            date=st.sampled_from(
                ["2010-12-01 08:26:00", "2010-12-01 08:27", "?", "1980-01-01 00:00"]
            ),
            price=st.sampled_from(["2.55", "0.005", "0.0049", "-1", "", "0.00001"]),
            customer=st.sampled_from(["", "7.0"]),
            country=st.sampled_from(["", "France"]),
        ),
        st.builds(row),
        st.just(["x"]),
    ),
    min_size=1,
    max_size=40,
)


def _is_bad(fields: list[str]) -> bool:
    return len(fields) != len(COLUMNS) or why_rejected(fields, LIMITS) is not None


def encoded(fields: list[str]) -> bytes:
    _, product, description, quantity, _, price, _, _ = fields
    name = product_name_of(description)
    return (
        fragments.text(product.strip())
        + fragments.text(name)
        + fragments.text(CATEGORIES.name_of(name))
        + fragments.long(quantity_of(quantity))
        + fragments.long(price_of(price))
    )


@given(rows=ROWS, most=st.integers(1, 9))
def test_columns_are_read_as_rows_are(rows: list[list[str]], most: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(readings, "MOST_ENTRIES", most)
        parts, rejected = read(rows)
    assert rejected == [at for at, fields in enumerate(rows) if _is_bad(fields)]
    in_parts = [number for part in parts for number in part.rows]
    assert sorted([*in_parts, *(at + 1 for at in rejected)]) == list(range(1, len(rows) + 1))
    for part in parts:
        of_part = [rows[number - 1] for number in part.rows]
        assert {fields[0].strip() for fields in of_part} == {part.invoice}
        assert min(time_of(fields[4], LIMITS) for fields in of_part) == part.time
        named = {customer for fields in of_part if (customer := customer_of(fields[6]))}
        assert min(named, default=None) == part.customer
        assert min({fields[7] for fields in of_part if fields[7]}, default=None) == part.country
        assert list(map(encoded, of_part)) == part.lines
        amounts = [line_amount(quantity_of(fields[3]), price_of(fields[5])) for fields in of_part]
        assert sum(amounts) == part.total


def test_a_block_of_the_shortest_rows_with_the_greatest_amounts_sums_exactly() -> None:
    line = b"1,P,,1000000,1990-01-01 00:00,1000000,,\n"
    rows = text_lines.BLOCK_BYTES // len(line) + 1
    read, _ = OrderLineReader(LIMITS, CATEGORIES).read(Block.of_lines(line * rows, len(COLUMNS)), 0)
    (part,) = parts_of(read)
    assert part.total == rows * line_amount(MAX_QUANTITY, MAX_UNIT_PRICE)


@given(
    st.lists(
        st.tuples(st.integers(-MAX_QUANTITY, MAX_QUANTITY), st.integers(0, MAX_UNIT_PRICE)),
        min_size=1,
    )
)
def test_amounts_of_columns_are_amounts_of_lines(pairs: list[tuple[int, int]]) -> None:
    quantities, prices = zip(*pairs, strict=True)
    amounts = line_amounts(pa.array(quantities, pa.int64()), pa.array(prices, pa.int64()))
    assert amounts.to_pylist() == [line_amount(*pair) for pair in pairs]

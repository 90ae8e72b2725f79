"""A block gives back the rows of its lines as a csv parser reads them."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.replay.files.csv_block import Block


def rows_of(block: Block) -> list[list[str]]:
    return [block.row(index) for index in range(len(block))]


@pytest.mark.parametrize(
    ("lines", "rows"),
    [
        pytest.param(b"1,2\n3,4\n", [["1", "2"], ["3", "4"]], id="whole lines"),
        pytest.param(b'"1,1","2 ""x"""\n', [["1,1", '2 "x"']], id="quotes"),
        pytest.param(b"NA,\n", [["NA", ""]], id="texts that others read as null"),
        pytest.param(b" 1 ,007\n", [[" 1 ", "007"]], id="spaces and zeros stay"),
        pytest.param(b"1\n1,2\n1,2,3\n", [["1"], ["1", "2"], ["1", "2", "3"]], id="odd rows"),
        pytest.param(b'1\n"a,b",\n', [["1"], ["a,b", ""]], id="quotes beside an odd row"),
        pytest.param(b'"1,2\n3",4\n', [['"1', "2"], ['3"', "4"]], id="lone quotes"),
        pytest.param(b'"1" x,2\n3,"4"\n', [['"1" x', "2"], ["3", "4"]], id="text behind a quote"),
        pytest.param(
            "\ufeff1,2\n".encode(), [["\ufeff1", "2"]], id="a byte order mark within a file"
        ),
    ],
)
def test_rows_of_lines(lines: bytes, rows: list[list[str]]) -> None:
    assert rows_of(Block.of_lines(lines, 2)) == rows


def test_an_odd_row_is_empty_in_the_columns() -> None:
    block = Block.of_lines(b"1,2\n3\n", 2)
    assert [column.to_pylist() for column in block.columns] == [["1", ""], ["2", ""]]


FIELD = st.text(st.sampled_from('ab,"£ \ufeff'), max_size=4)


@given(
    rows=st.lists(
        st.lists(FIELD, min_size=1, max_size=4).filter(lambda fields: any(map(str.strip, fields))),
        min_size=1,
        max_size=20,
    ),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_lines_and_rows_make_the_same_block(rows: list[list[str]], quoting: int) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=quoting, lineterminator="\n").writerows(rows)  # type: ignore[arg-type] - one of csv's numbers
    assert rows_of(Block.of_lines(text.getvalue().encode(), 3)) == rows
    assert rows_of(Block.of_rows(rows, 3)) == rows

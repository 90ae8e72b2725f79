"""Which orders a raw Online Retail file holds, by the proof's own reading of it."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from contracts.errors import Usage
from contracts.events import replayed_order_id
from proof.source import data_file as source
from readers.filling import fill
from tests.proof.source.raw_file import Found, Reading, line, of


def test_an_order_belongs_to_the_slice_of_its_first_row(reading: Reading) -> None:
    lines = [line("1"), line("2"), line("1"), line("3"), line("2")]
    reading.add(of(lines), ("e", 0, 2, 3))
    assert [(one.position, one.total) for one in reading.orders().values()] == [(2, 500)]


def test_slices_of_one_edition_are_a_union_and_editions_add_up(reading: Reading) -> None:
    content = of([line("1"), line("2"), line("3")])
    hour = 3_600_000_000
    reading.add(content, ("e", 0, 1, 2), ("e", 0, 2, 2), ("again", hour, 2, 3))
    assert {event: (one.position, one.seconds) for event, one in reading.orders().items()} == {
        replayed_order_id("e", "1", "placed"): (1, 0),
        replayed_order_id("e", "2", "placed"): (2, 0),
        replayed_order_id("again", "2", "placed"): (2, 3_600),
        replayed_order_id("again", "3", "placed"): (3, 3_600),
    }


def test_two_files_each_give_their_own_orders(reading: Reading) -> None:
    reading.add(of([line("1")]), ("e", 0, 1, 9))
    reading.add(of([line("1", price="7.00")]), ("f", 0, 1, 9))
    assert sorted(one.total for one in reading.orders().values()) == [250, 700]


def test_a_file_that_grew_gives_only_what_is_new(reading: Reading) -> None:
    reading.add(of([line("1"), line("2")]), ("e", 0, 1, 9))
    reading.add(of([line("3"), line("2"), line("1")]), ("e", 0, 1, 9))
    assert sorted(reading.orders()) == sorted(
        replayed_order_id("e", order, "placed") for order in ("1", "2", "3")
    )


def test_an_event_that_was_never_acknowledged_and_is_not_there_is_not_asked_for(
    reading: Reading,
) -> None:
    reading.add(of([line("1"), line("2")]), ("e", 0, 1, 9))
    fill(
        reading.connection,
        "ledger.attempts",
        [("run-e", 1, replayed_order_id("e", "2", "placed"), "ecommerce-orders", 2)],
    )
    assert [one.position for one in reading.orders().values()] == [1]


ENCODINGS = {
    "utf-8": ("Curaçao".encode(), "Curaçao"),
    "latin-1": ("Curaçao".encode("latin-1"), "Curaçao"),
}


@pytest.mark.parametrize("name", ENCODINGS)
def test_text_is_utf_8_or_else_latin_1(name: str, reading: Reading) -> None:
    written, read = ENCODINGS[name]
    content = of([line(country="?")]).replace(b"?", written)
    reading.add(content, ("e", 0, 1, 9))
    assert [one.location for one in reading.orders().values()] == [read]


def test_a_byte_order_mark_and_windows_line_ends_are_no_part_of_the_data(reading: Reading) -> None:
    content = b"\xef\xbb\xbf" + of([line()]).replace(b"\n", b"\r\n")
    reading.add(content, ("e", 0, 1, 9))
    assert list(reading.orders().values()) == [Found(1, "placed", 250)]


def test_the_digest_is_of_the_content_packed_or_not(tmp_path: Path) -> None:
    content = of([line()])
    plain, packed = tmp_path / "a.csv", tmp_path / "a.csv.gz"
    plain.write_bytes(content)
    packed.write_bytes(gzip.compress(content))
    assert source.inspect(plain).sha256 == source.inspect(packed).sha256


UNREADABLE = {
    "not there": None,
    "cut within the packed data": gzip.compress(of([line()] * 1_000))[:-20],
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_that_cannot_be_read_is_a_usage_error(name: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    content = UNREADABLE[name]
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Usage, match="cannot be read"):
        source.inspect(path)


def test_a_file_with_other_columns_is_a_usage_error(reading: Reading) -> None:
    with pytest.raises(Usage, match="other columns"):
        reading.add(b"a,b,c\n1,2,3\n")

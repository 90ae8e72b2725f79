"""Which orders a raw Online Retail file holds, by the proof's own reading of it."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest

from contracts.errors import Usage
from contracts.events import replayed_event_id
from contracts.rejections import MAX_QUANTITY
from proof.checks import run_counts
from proof.relations import connect, prepare
from proof.source import data_file as source
from readers.filling import fill

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
DAY = "2010-12-01 08:26:00"
DAY_US = 1_291_191_960_000_000
BEGAN_US = 1_767_225_600_000_000  # 2026-01-01T00:00:00Z
CATEGORIES = "pattern,category\n*bag*,bags\nwhite *,white things\n100%_*,cotton\n*,other\n"
REGIONS = "pattern,region\nUnited Kingdom,home\n*land,lands\n*,elsewhere\n"


def line(
    invoice: str = "1",
    *,
    stock: str = "S",
    words: str = "RED BAG",
    quantity: str = "1",
    date: str = DAY,
    price: str = "2.50",
    customer: str = "17850.0",
    country: str = "United Kingdom",
) -> str:
    return ",".join((invoice, stock, words, quantity, date, price, customer, country))


@dataclass(frozen=True)
class Found:
    """An order as the tests compare it; money in minor units."""

    position: int
    kind: str
    total: int
    customer: str | None = "17850"
    location: str = "United Kingdom"
    region: str = "home"
    seconds: int = 0
    categories: tuple[str, ...] = ("bags",)


@dataclass
class Reading:
    """A file read with slices of one edition each."""

    connection: duckdb.DuckDBPyConnection
    folder: Path
    files: int = 0
    slices: list[source.ReplayedSlice] = field(default_factory=list)

    def add(self, content: bytes, *slices: tuple[str, int, int, int]) -> None:
        path = self.folder / f"{self.files}.csv"
        path.write_bytes(content)
        source.load_rows(self.connection, self.files, source.inspect(path))
        self.slices += [
            source.ReplayedSlice(
                f"run-{edition}", self.files, edition, shift, first, last, BEGAN_US - shift
            )
            for edition, shift, first, last in slices
        ]
        self.files += 1

    def orders(self) -> dict[str, Found]:
        source.derive_events(self.connection, self.slices)
        run_counts(self.connection, "source/orders_counted")
        rows: list[Any] = self.connection.execute(
            """
            SELECT event_id, position, kind, total_minor, customer_id, location, o.region,
                   (event_us - ?) // 1000000 AS seconds,
                   list_transform(o.lines, lambda l: l.category) AS categories
            FROM source_order o JOIN source_event USING (event_id)
            """,
            [DAY_US],
        ).fetchall()
        return {event: _found(*values) for event, *values in rows}

    def rejected(self) -> list[tuple[int, str]]:
        self.orders()
        return self.connection.execute(
            "SELECT row, rejected FROM refused_row ORDER BY row"
        ).fetchall()


def _found(*values: Any) -> Found:
    *told, categories = values
    names = ("position", "kind", "total", "customer", "location", "region", "seconds")
    return Found(**dict(zip(names, told, strict=True)), categories=tuple(categories))


@pytest.fixture
def reading(tmp_path: Path) -> Reading:
    connection = connect()
    prepare(connection)
    source.make_relations(connection)
    for kind, text in (("category", CATEGORIES), ("region", REGIONS)):
        path = tmp_path / f"{kind}.csv"
        path.write_text(text)
        source.load_patterns(connection, kind, path)
    return Reading(connection, tmp_path)


def of(lines: Sequence[str]) -> bytes:
    return "\n".join((HEADER, *lines, "")).encode()


CASES: dict[str, tuple[list[str], list[Found]]] = {
    "lines of one invoice are one order": (
        [line(price="2.50"), line(price="1.25", quantity="2")],
        [Found(1, "placed", 500, categories=("bags", "bags"))],
    ),
    "lines need not follow one another": (
        [line("1"), line("2", price="9.00"), line("1")],
        [Found(1, "placed", 500, categories=("bags", "bags")), Found(2, "placed", 900)],
    ),
    "the earliest line gives the time": (
        [line(date="2010-12-01 08:30:00"), line(date="2010-12-01 08:27:00")],
        [Found(1, "placed", 500, seconds=60, categories=("bags", "bags"))],
    ),
    "C is a cancellation": (
        [line("C1", quantity="-3")],
        [Found(1, "cancelled", -750)],
    ),
    "a total of nothing is an adjustment": (
        [line(price="0")],
        [Found(1, "adjustment", 0)],
    ),
    "a total below nothing without C is an adjustment": (
        [line(quantity="-1")],
        [Found(1, "adjustment", -250)],
    ),
    "the smallest total is an order": (
        [line(price="0.01")],
        [Found(1, "placed", 1)],
    ),
    "no customer": ([line(customer="")], [Found(1, "placed", 250, customer=None)]),
    "the first customer that is named": (
        [line(customer=""), line(customer="12"), line(customer="13.0")],
        [Found(1, "placed", 750, customer="12", categories=("bags",) * 3)],
    ),
    "half a penny goes away from zero": (
        [line(price="0.005"), line("C2", price="0.005", quantity="-1")],
        [Found(1, "placed", 1), Found(2, "cancelled", -1)],
    ),
    "three decimals are exact until the line is rounded": (
        [line(price="0.333", quantity="3")],
        [Found(1, "placed", 100)],
    ),
    "each line is rounded by itself": (
        [line(price="0.333"), line(price="0.333"), line(price="0.333")],
        [Found(1, "placed", 99, categories=("bags",) * 3)],
    ),
    "the first pattern that matches wins, in any case": (
        [line(words="White BAG"), line(words="White owl"), line(words="OWL white")],
        [Found(1, "placed", 750, categories=("bags", "white things", "other"))],
    ),
    "only the star is special in a pattern": (
        [line(words="100%_cotton"), line(words="100xycotton")],
        [Found(1, "placed", 500, categories=("cotton", "other"))],
    ),
    "no country": (
        [line(country="")],
        [Found(1, "placed", 250, location="Unspecified", region="elsewhere")],
    ),
    "region of a country": (
        [line(country="Finland")],
        [Found(1, "placed", 250, location="Finland", region="lands")],
    ),
    "dates without seconds, and as spreadsheets write them": (
        [line("1", date="2010-12-01 08:27"), line("2", date="12/1/2010 8:28")],
        [Found(1, "placed", 250, seconds=60), Found(2, "placed", 250, seconds=120)],
    ),
    "a quoted comma": (
        [line(words='"BAG, RED"')],
        [Found(1, "placed", 250)],
    ),
    "rejected rows are counted in the positions": (
        [line(quantity="0"), line("2")],
        [Found(2, "placed", 250)],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_rows_become_orders(name: str, reading: Reading) -> None:
    lines, expected = CASES[name]
    reading.add(of(lines), ("e", 0, 1, 10_000))
    assert sorted(reading.orders().values(), key=lambda one: one.position) == expected


@pytest.mark.parametrize(
    "others, positions",
    [
        pytest.param(999, [1], id="the last row that still belongs"),
        pytest.param(1_000, [1, 1_002], id="one row more starts a new order"),
    ],
)
def test_an_invoice_closes_after_1000_rows_without_it(
    others: int, positions: list[int], reading: Reading
) -> None:
    lines = [line("1"), *[line("x", quantity="0")] * others, line("1")]
    reading.add(of(lines), ("e", 0, 1, 10_000))
    assert sorted(one.position for one in reading.orders().values()) == positions


def test_a_rejected_row_does_not_keep_its_invoice_open(reading: Reading) -> None:
    lines = [line("1"), *[line("1", quantity="0")] * 1_000, line("1")]
    reading.add(of(lines), ("e", 0, 1, 10_000))
    assert sorted(one.position for one in reading.orders().values()) == [1, 1_002]


REJECTED = {
    "too few fields": ("1,2,3", "wrong_field_count"),
    "too many fields": (line() + ",more", "wrong_field_count"),
    "no invoice": (line(""), "missing_invoice"),
    "no stock code": (line(stock=""), "missing_product"),
    "a book-keeping invoice": (line("A563185"), "bad_debt_invoice"),
    "no number": (line(quantity="six"), "bad_quantity"),
    "part of a piece": (line(quantity="1.5"), "bad_quantity"),
    "nothing bought": (line(quantity="0"), "zero_quantity"),
    "no date": (line(date="yesterday"), "bad_date"),
    "a day that is not": (line(date="2010-02-30 08:26:00"), "bad_date"),
    "no price": (line(price="free"), "bad_price"),
    "five decimals": (line(price="0.12345"), "bad_price"),
    "a negative price": (line(price="-1"), "out_of_range"),
    "nothing bought, as spreadsheets write it": (line(quantity="0.0"), "zero_quantity"),
    "more pieces than a number can hold": (line(quantity="9" * 40), "out_of_range"),
    "of two faults the date is told": (line(date="no", quantity="no"), "bad_date"),
    "too many pieces": (line(quantity=str(MAX_QUANTITY + 1)), "out_of_range"),
    "too dear": (line(price="1000000.0001"), "out_of_range"),
    "after the replay began": (line(date="2026-01-01 00:00:01"), "out_of_range"),
    "an order beyond what money holds": (
        line("9", quantity=str(MAX_QUANTITY), price="100000.0001"),
        "out_of_range",
    ),
    "before 1990": (line(date="1989-12-31 23:59:59"), "out_of_range"),
}


@pytest.mark.parametrize("name", REJECTED)
def test_a_bad_row_is_rejected_with_its_reason(name: str, reading: Reading) -> None:
    bad, reason = REJECTED[name]
    reading.add(of([line(), bad, line("2")]), ("e", 0, 1, 10))
    assert reading.rejected() == [(2, reason)]
    assert sorted(one.position for one in reading.orders().values()) == [1, 3]


LIMITS = {
    "pieces as spreadsheets write them": line(quantity="-6.0"),
    "most pieces": line(quantity=str(MAX_QUANTITY)),
    "dearest": line(price="1000000.0000"),
    "the moment the replay began": line(date="2026-01-01 00:00:00"),
    "most money": line(quantity=str(MAX_QUANTITY), price="100000"),
    "first moment": line(date="1990-01-01 00:00:00"),
    "four decimals and noughts": line(price="0.123400"),
}


@pytest.mark.parametrize("name", LIMITS)
def test_a_row_at_the_limit_is_good(name: str, reading: Reading) -> None:
    reading.add(of([LIMITS[name]]), ("e", 0, 1, 10))
    assert reading.rejected() == []


def test_an_order_belongs_to_the_slice_of_its_first_row(reading: Reading) -> None:
    lines = [line("1"), line("2"), line("1"), line("3"), line("2")]
    reading.add(of(lines), ("e", 0, 2, 3))
    assert [(one.position, one.total) for one in reading.orders().values()] == [(2, 500)]


def test_slices_of_one_edition_are_a_union_and_editions_add_up(reading: Reading) -> None:
    content = of([line("1"), line("2"), line("3")])
    hour = 3_600_000_000
    reading.add(content, ("e", 0, 1, 2), ("e", 0, 2, 2), ("again", hour, 2, 3))
    assert {event: (one.position, one.seconds) for event, one in reading.orders().items()} == {
        replayed_event_id("e", 1): (1, 0),
        replayed_event_id("e", 2): (2, 0),
        replayed_event_id("again", 2): (2, 3_600),
        replayed_event_id("again", 3): (3, 3_600),
    }


def test_two_files_each_give_their_own_orders(reading: Reading) -> None:
    reading.add(of([line("1")]), ("e", 0, 1, 9))
    reading.add(of([line("1", price="7.00")]), ("f", 0, 1, 9))
    assert sorted(one.total for one in reading.orders().values()) == [250, 700]


def test_an_event_that_was_never_acknowledged_and_is_not_there_is_not_asked_for(
    reading: Reading,
) -> None:
    reading.add(of([line("1"), line("2")]), ("e", 0, 1, 9))
    fill(
        reading.connection,
        "ledger.attempts",
        [("run-e", 1, replayed_event_id("e", 2), "ecommerce-orders", 2)],
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

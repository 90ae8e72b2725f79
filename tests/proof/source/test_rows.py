"""Which rows of a raw Online Retail file make an order, and why the others do not."""

from __future__ import annotations

import pytest

from contracts.rejections import MAX_QUANTITY
from tests.proof.source.raw_file import Found, Reading, line, of

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


def test_an_invoice_is_one_order_at_any_distance(reading: Reading) -> None:
    lines = [line("1"), *[line("x", quantity="0")] * 3_000, line("1")]
    reading.add(of(lines), ("e", 0, 1, 10_000))
    assert [(one.position, one.total) for one in reading.orders().values()] == [(1, 500)]


def test_the_order_of_rows_changes_no_order(reading: Reading) -> None:
    lines = [line(customer="9", country="Spain"), line(customer="12", country="France")]
    reading.add(of(lines), ("e", 0, 1, 9))
    reading.add(of(lines[::-1]), ("f", 0, 1, 9))
    one, other = reading.orders().values()
    assert one == other
    assert (one.customer, one.location) == ("12", "France")


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

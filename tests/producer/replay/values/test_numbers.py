"""Numbers with any decimal sign, groups, signs of currencies and the noise of floats."""

from __future__ import annotations

from decimal import Decimal as Exact

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from producer.replay.values.numbers import Decimal, NumberReading, decimal_shown, without_noise

POUNDS = ("£", "GBP")


@pytest.mark.parametrize(
    ("text", "decimal", "plain"),
    [
        ("2,55", ",", "2.55"),
        ("1.200", ",", "1200"),
        ("1.200,50", ",", "1200.50"),
        ("1 200,50", ",", "1200.50"),
        ("1,110.00", ".", "1110.00"),
        ("1,200", ".", "1200"),
        ("£2.55", ".", "2.55"),
        ("-£2.55", ".", "-2.55"),
        ("2,55 GBP", ",", "2.55"),
    ],
)
def test_a_number_has_one_plain_form(text: str, decimal: Decimal, plain: str) -> None:
    assert NumberReading(decimal, POUNDS).plain(text) == plain


@pytest.mark.parametrize(
    ("text", "decimal"),
    [
        ("six", "."),
        ("€2.55", "."),
        ("(1)", "."),
        ("8.0995E+04", "."),
        ("1,20,0", "."),
        ("0,550", "."),
    ],
)
def test_what_is_no_number_stays_as_it_is(text: str, decimal: Decimal) -> None:
    assert NumberReading(decimal, POUNDS).plain(text) == text


def test_a_number_of_the_other_sign_is_none() -> None:
    assert NumberReading(",", POUNDS).plain("2.55") == "2.55 (decimal sign ,)"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2.5", "."),
        ("2,5", ","),
        ("1,200.5", "."),
        ("1.200", None),
        ("0,550", ","),
        ("0.550", "."),
        ("6", None),
        ("x", None),
    ],
)
def test_which_decimal_sign_a_number_shows(text: str, shown: Decimal | None) -> None:
    assert decimal_shown(text) == shown


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("2.5499999523162842", "2.55"),
        ("35.790001", "35.79"),
        ("1081.97998", "1081.98"),
        ("2.5500000000000003", "2.55"),
        ("300000.99000000002", "300000.99"),
        ("654321.98000000001", "654321.98"),
        ("9000.123400000001", "9000.1234"),
        ("131071.40625", "131071.41"),
        ("131341.40625", "131341.40625"),
        ("1000.0000100001", "1000.0000100001"),
        ("0.12345", "0.12345"),
        ("1.10000", "1.10000"),
    ],
)
def test_the_noise_of_a_float_is_lost_and_decimals_that_are_meant_stay(
    text: str, exact: str
) -> None:
    assert without_noise(text) == exact


@given(st.integers(1, 9_999_999))
def test_a_price_comes_back_from_a_float_of_32_bits(pence: int) -> None:
    price = Exact(pence).scaleb(-2)
    written = format(Exact(float(np.float32(str(price)))), "f")
    # With few decimals a number means what it says.
    assume(len(written.partition(".")[2]) > 4)
    assert Exact(without_noise(written)) == price


@given(st.integers(1, 10**11), st.integers(-3, 3))
def test_a_price_comes_back_from_the_last_places_of_a_float_of_64_bits(pence: int, by: int) -> None:
    price = Exact(pence).scaleb(-2)
    value = float(price)
    for _ in range(abs(by)):
        value = float(np.nextafter(value, np.inf if by > 0 else -np.inf))
    assert Exact(without_noise(format(Exact(repr(value)), "f"))) == price

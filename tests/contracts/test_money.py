"""Money is integers; rounding is half away from zero, line by line."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.money import (
    decimal_of_minor,
    decimal_of_price,
    line_amount,
    minor_from_text,
    price_from_text,
)


@pytest.mark.parametrize(
    ("quantity", "unit_price", "minor"),
    [
        pytest.param(6, 25_500, 1530, id="six at 2.55"),
        pytest.param(1, 49, 0, id="just below half"),
        pytest.param(1, 50, 1, id="half goes up"),
        pytest.param(1, 149, 1, id="just below one and a half"),
        pytest.param(1, 150, 2, id="one and a half goes up"),
        pytest.param(-1, 50, -1, id="minus half goes down"),
        pytest.param(-1, 49, 0, id="just above minus half"),
        pytest.param(0, 25_500, 0, id="nothing"),
        pytest.param(3, 0, 0, id="free"),
    ],
)
def test_line_amount(quantity: int, unit_price: int, minor: int) -> None:
    assert line_amount(quantity, unit_price) == minor


@given(st.integers(-(2**31), 2**31 - 1), st.integers(-(2**63), 2**63 - 1))
def test_line_amount_is_decimals_half_up(quantity: int, unit_price: int) -> None:
    exact = (Decimal(quantity) * Decimal(unit_price)).scaleb(-2)
    assert line_amount(quantity, unit_price) == int(
        exact.quantize(Decimal(1), rounding=ROUND_HALF_UP)
    )


@pytest.mark.parametrize(
    ("text", "price"),
    [
        pytest.param("2.55", 25_500, id="two decimals"),
        pytest.param("0.0001", 1, id="smallest"),
        pytest.param("1.10000", 11_000, id="zeros at the end"),
        pytest.param("-11062.06", -110_620_600, id="negative"),
        pytest.param("1e2", 1_000_000, id="exponent"),
        pytest.param(" 2.5 ", 25_000, id="spaces around"),
        pytest.param("-0", 0, id="minus zero"),
    ],
)
def test_prices(text: str, price: int) -> None:
    assert price_from_text(text) == price


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("two", id="a word"),
        pytest.param("NaN", id="not a number"),
        pytest.param("Infinity", id="infinite"),
        pytest.param("1e309", id="beyond every price"),
        pytest.param("1e999999999", id="beyond every memory"),
        pytest.param("1e-999999999", id="below every price"),
        pytest.param("0.00001", id="five decimals"),
        pytest.param("1.0000000000000000000000000001", id="more digits than arithmetic keeps"),
        pytest.param("1,5", id="comma"),
        pytest.param("1_000", id="underscore"),
        pytest.param("٣", id="a digit of another script"),
    ],
)
def test_what_is_no_price(text: str) -> None:
    with pytest.raises(ValueError, match="price"):
        price_from_text(text)


@given(st.integers(-(10**14), 10**14))
def test_amounts_survive_their_text(minor: int) -> None:
    assert minor_from_text(str(decimal_of_minor(minor))) == minor
    assert price_from_text(str(decimal_of_price(minor))) == minor


def test_an_amount_has_two_decimals() -> None:
    assert minor_from_text("1000.00") == 100_000
    with pytest.raises(ValueError, match="at most 2 decimals"):
        minor_from_text("0.001")
    assert str(decimal_of_minor(5)) == "0.05"
    assert str(decimal_of_price(5)) == "0.0005"

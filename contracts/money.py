"""Money as integers: minor units (hundredths) on the wire, decimal(18,2) in tables.

A unit price may be finer than a minor unit (real catalogues hold 0.001). So prices are integers of
ten-thousandths of the currency unit, and amounts are rounded to minor units line by line.
"""

from __future__ import annotations

from decimal import Decimal

PRICE_SCALE = 4
MINOR_SCALE = 2
# Decimal rounds the results of its arithmetic to 28 digits; a shorter text stays exact.
MAX_CHARACTERS = 28
MAX_EXPONENT = 20
PRICES_PER_MINOR: int = 10 ** (PRICE_SCALE - MINOR_SCALE)


def line_amount(quantity: int, unit_price: int) -> int:
    """Minor units of one order line: quantity x price, half away from zero (Java's HALF_UP)."""
    exact = quantity * unit_price
    magnitude = (abs(exact) + PRICES_PER_MINOR // 2) // PRICES_PER_MINOR
    return magnitude if exact >= 0 else -magnitude


def price_from_text(text: str) -> int:
    """Ten-thousandths from a decimal text; ValueError if it is not one or has more decimals."""
    return _scaled(text, PRICE_SCALE, "a price")


def minor_from_text(text: str) -> int:
    """Minor units from a decimal text; ValueError if it is not one or has more decimals."""
    return _scaled(text, MINOR_SCALE, "an amount")


def _scaled(text: str, scale: int, what: str) -> int:
    # Decimal also reads 1_000 and digits of every script; no data file means those as numbers.
    if len(text) > MAX_CHARACTERS or not text.isascii() or "_" in text:
        raise ValueError(f"not {what}: {text[:MAX_CHARACTERS]!r}")
    try:
        number = Decimal(text)
    except ArithmeticError as error:
        raise ValueError(f"not {what}: {text!r}") from error
    if not number.is_finite() or abs(number.adjusted()) > MAX_EXPONENT:
        raise ValueError(f"not {what}: {text!r}")
    scaled = number.scaleb(scale)
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{what} has at most {scale} decimals, got {text!r}")
    return int(scaled)


def decimal_of_minor(minor: int) -> Decimal:
    """The amount as a decimal with two places."""
    return Decimal(minor).scaleb(-MINOR_SCALE)


def decimal_of_price(price: int) -> Decimal:
    """The unit price as a decimal with four places."""
    return Decimal(price).scaleb(-PRICE_SCALE)

"""What each field of an Online Retail row means, and why a row is not used."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from contracts.rejections import LATEST_TIME_US
from producer.replay.online_retail.rows import (
    COLUMNS,
    ROW_REASONS,
    customer_of,
    price_of,
    product_name_of,
    quantity_of,
    time_of,
    why_rejected,
)
from producer.replay.values.row_values import RowRejected, TimeLimits
from tests.producer.retail import row

LIMITS = TimeLimits(shift_us=0, latest=LATEST_TIME_US)
HOUR_US = 3600 * 1_000_000


def us(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp()) * 1_000_000  # type: ignore[arg-type, misc] - year to second


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("2010-12-01 08:26:00", us(2010, 12, 1, 8, 26), id="with seconds"),
        pytest.param("2010-12-01 08:26:59", us(2010, 12, 1, 8, 26, 59), id="last second"),
        pytest.param("2010-12-01 08:26", us(2010, 12, 1, 8, 26), id="without seconds"),
        pytest.param("2010-12-01T08:26:00 UTC", us(2010, 12, 1, 8, 26), id="with zone"),
        pytest.param("2012-02-29 00:00", us(2012, 2, 29), id="leap day"),
        pytest.param(" 2010-12-01 08:26 ", us(2010, 12, 1, 8, 26), id="spaces around"),
        pytest.param("1990-01-01 00:00:00", us(1990, 1, 1), id="earliest"),
    ],
)
def test_dates_are_wall_time_taken_as_utc(text: str, expected: int) -> None:
    assert time_of(text, LIMITS) == expected


def test_a_time_that_clocks_skip_says_so() -> None:
    with pytest.raises(RowRejected, match="01:30' was never: the clocks of Europe/London"):
        time_of("2010-03-28 01:30 (skipped in Europe/London)", LIMITS)


def test_the_shift_is_added_and_the_limit_is_for_the_result() -> None:
    limits = TimeLimits(shift_us=HOUR_US, latest=us(2010, 12, 1, 9, 26))
    assert time_of("2010-12-01 08:26:00", limits) == us(2010, 12, 1, 9, 26)
    with pytest.raises(RowRejected, match="after the replay began"):
        time_of("2010-12-01 08:26:01", limits)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("6", 6, id="whole"),
        pytest.param("6.0", 6, id="a float that is whole"),
        pytest.param("-12", -12, id="return"),
        pytest.param("+3", 3, id="sign"),
        pytest.param("1000000", 1_000_000, id="greatest"),
    ],
)
def test_quantities(text: str, expected: int) -> None:
    assert quantity_of(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("2.55", 25_500, id="pence"),
        pytest.param("0.001", 10, id="a tenth of a penny"),
        pytest.param("0", 0, id="nothing"),
        pytest.param("38970.0", 389_700_000, id="one decimal"),
        pytest.param("1.10000", 11_000, id="zeros beyond four decimals"),
        pytest.param("1000000", 10_000_000_000, id="greatest"),
    ],
)
def test_prices(text: str, expected: int) -> None:
    assert price_of(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("17850.0", "17850"), ("17850", "17850"), ("", None), ("  ", None), ("guest", "guest")],
)
def test_customers(text: str, expected: str | None) -> None:
    assert customer_of(text) == expected


def test_a_description_loses_the_spaces_around_it() -> None:
    assert product_name_of(" RED  BAG ") == "RED  BAG"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        pytest.param(list(COLUMNS), "repeated_header", id="the header once more"),
        pytest.param(row(date="INVOICE DATE"), "repeated_header", id="a part of it"),
        pytest.param(row(invoice="nan"), "missing_invoice", id="a word for no invoice"),
        pytest.param(row(product="NULL"), "missing_product", id="a word for no product"),
        pytest.param(row(invoice=""), "missing_invoice", id="no invoice"),
        pytest.param(row(invoice=" "), "missing_invoice", id="blank invoice"),
        pytest.param(row(invoice="A563185"), "bad_debt_invoice", id="bad debt"),
        pytest.param(row(invoice="A563185", price="-1"), "bad_debt_invoice", id="its own price"),
        pytest.param(row(product=""), "missing_product", id="no product"),
        pytest.param(row(date=""), "bad_date", id="no date"),
        pytest.param(row(date="2010-12-01"), "bad_date", id="date without time"),
        pytest.param(row(date="2010-02-30 08:26:00"), "bad_date", id="no such day"),
        pytest.param(row(date="13/1/2010 8:26"), "bad_date", id="day before month"),
        pytest.param(row(date="2010-12-01 24:00:00"), "bad_date", id="hour 24"),
        pytest.param(row(date="٢٠١٠-12-01 08:26"), "bad_date", id="digits of another script"),
        pytest.param(row(quantity="6.5"), "bad_quantity", id="half a piece"),
        pytest.param(row(quantity="six"), "bad_quantity", id="word"),
        pytest.param(row(quantity=""), "bad_quantity", id="no quantity"),
        pytest.param(row(quantity="0"), "zero_quantity", id="zero"),
        pytest.param(row(quantity="-0.0"), "zero_quantity", id="minus zero"),
        pytest.param(row(price=""), "bad_price", id="no price"),
        pytest.param(row(price="2,55"), "bad_price", id="comma"),
        pytest.param(row(price="0.00001"), "bad_price", id="five decimals"),
        pytest.param(row(price="NaN"), "bad_price", id="not a number"),
        pytest.param(row(price="1e99999999"), "bad_price", id="exponent that would fill memory"),
        pytest.param(row(date="1989-12-31 23:59:59"), "out_of_range", id="just before 1990"),
        pytest.param(row(quantity="1000001"), "out_of_range", id="quantity just beyond"),
        pytest.param(row(quantity="-1000001"), "out_of_range", id="return just beyond"),
        pytest.param(row(quantity="9" * 5000), "out_of_range", id="thousands of digits"),
        pytest.param(row(price="1000000.0001"), "out_of_range", id="price just beyond"),
        pytest.param(row(price="-0.01"), "out_of_range", id="negative price"),
        pytest.param(row(quantity="0", date="?"), "bad_date", id="first of two reasons"),
        pytest.param(row(quantity="9999999", price="?"), "bad_price", id="range comes last"),
    ],
)
def test_the_reason_of_a_rejected_row(fields: list[str], reason: str) -> None:
    rejected = why_rejected(fields, LIMITS)
    assert rejected is not None
    assert rejected.reason == reason
    assert rejected.detail


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param(row(), id="plain"),
        pytest.param(row(description="", customer="", country=""), id="nothing but what is needed"),
        pytest.param(row(invoice="C536379"), id="cancellation"),
        pytest.param(row(invoice="X1"), id="unusual letter"),
        pytest.param(row(price="0"), id="free"),
    ],
)
def test_rows_that_are_lines(fields: list[str]) -> None:
    assert why_rejected(fields, LIMITS) is None


def test_the_codes_are_stable() -> None:
    assert ROW_REASONS == (
        "wrong_field_count",
        "repeated_header",
        "missing_invoice",
        "bad_debt_invoice",
        "missing_product",
        "bad_date",
        "bad_quantity",
        "zero_quantity",
        "bad_price",
        "out_of_range",
    )

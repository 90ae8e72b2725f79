"""Dates in every form that shops write, and what they show of the order of a file's dates."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from producer.replay.values.dates import DateOrder, DateReading, shape_of

DAY, MONTH = "day-first", "month-first"


@pytest.mark.parametrize(
    ("text", "order", "plain"),
    [
        ("01/12/2010 08:26", DAY, "2010-12-01 08:26:00 UTC"),
        ("01/12/2010 08:26", MONTH, "2010-01-12 08:26:00 UTC"),
        ("1-12-2010 8:26:59", DAY, "2010-12-01 08:26:59 UTC"),
        ("01.12.2010 8:26", None, "2010-12-01 08:26:00 UTC"),
        ("12/1/10 8:26", MONTH, "2010-12-01 08:26:00 UTC"),
        ("12/1/90 8:26", MONTH, "1990-12-01 08:26:00 UTC"),
        ("12/1/2010 12:05:00 AM", MONTH, "2010-12-01 00:05:00 UTC"),
        ("12/13/2010 02:32:00 PM", MONTH, "2010-12-13 14:32:00 UTC"),
        ("2010/12/01 08:26", None, "2010-12-01 08:26:00 UTC"),
        ("2010-12-01", None, "2010-12-01 00:00:00 UTC"),
        ("2010-12-01T08:26:00Z", None, "2010-12-01 08:26:00 UTC"),
        ("2010-12-01 08:26:00+02:00", None, "2010-12-01 06:26:00 UTC"),
        ("2010-12-01 08:26:00 -0130", None, "2010-12-01 09:56:00 UTC"),
        ("2010-12-01 08:26:00.123456789", None, "2010-12-01 08:26:00.123456 UTC"),
        ("30-Sep-25", None, "2025-09-30 00:00:00 UTC"),
        ("Sep 30, 2025, 8:26 pm", None, "2025-09-30 20:26:00 UTC"),
    ],
)
def test_a_date_has_one_plain_form(text: str, order: DateOrder | None, plain: str) -> None:
    assert DateReading(order).plain(text) == plain


@pytest.mark.parametrize(
    "text",
    ["", "?", "13/13/2010", "31/4/2010 08:26", "1/2/201", "2010-12-01 24:00", "1/2/2010 13:00 PM"],
)
def test_what_is_no_date_stays_as_it_is(text: str) -> None:
    assert DateReading(DAY).plain(text) == text


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("13/12/2010 08:26", DAY),
        ("12/13/2010", MONTH),
        ("1.2.2010", DAY),
        ("5/5/2010", None),
        ("2010-12-01", None),
        ("30-Sep-25", None),
    ],
)
def test_what_a_date_shows_of_the_order(text: str, order: DateOrder | None) -> None:
    shape = shape_of(text)
    assert shape is not None
    assert shape.order == order
    assert shape.both is None


def test_where_both_orders_fit_both_readings_are_told() -> None:
    shape = shape_of("01/12/2010 08:26")
    assert shape is not None
    assert shape.both == ("1 December 2010", "12 January 2010")


def test_clocks_that_change_double_an_hour_and_skip_another() -> None:
    reading = DateReading(None, ZoneInfo("Europe/London"))
    assert reading.plain("2024-07-01 12:00") == "2024-07-01 11:00:00 UTC"
    assert reading.plain("2024-10-27 01:30") == "2024-10-27 00:30:00 UTC"
    assert reading.plain("2024-03-31 01:30") == "2024-03-31 01:30 (skipped in Europe/London)"
    assert {text: clash.what for text, clash in reading.clashes.items()} == {
        "2024-10-27 01:30": "doubled",
        "2024-03-31 01:30": "skipped",
    }

"""What the demo writes on a terminal while it goes on, and at its end."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from ops.commands.demo.live_figures import Figures, unit_for
from ops.commands.demo.live_screen import (
    BAR_WIDTH,
    bar,
    in_lines,
    lines,
    show_revenue,
    show_shoppers,
)
from tests.ops.commands.demo.figures import CAUGHT_UP, NOBODY, SOME_FIGURES


def test_the_lines_of_a_plain_terminal_hold_every_answer() -> None:
    assert list(in_lines(SOME_FIGURES).values()) == [
        "orders 1,812 · cancelled 31 · revenue 52,610.49 GBP · clicks 2,310 · sessions 402 · "
        "alerts 14 · lake rows 1,804 · duplicates 3 · quarantine 1 · lag of ingest 40 · "
        "lag of orders 0",
        "    alerts by rule: high_amount 12, suspicious_location 2",
        "    trending: SKU-7 (toys) 41, SKU-3 (garden) 1,300",
        "    viewed last: SKU-3, SKU-9 by sub_a",
    ]


def test_while_nobody_came_there_is_but_the_headline() -> None:
    assert list(in_lines(NOBODY)) == ["headline"]


def test_where_nobody_watches_only_the_lines_that_changed_are_written() -> None:
    written: list[str] = []
    show = lines(written.append)
    for figures in (NOBODY, NOBODY, SOME_FIGURES, CAUGHT_UP, CAUGHT_UP):
        show(figures)
    assert written == [
        in_lines(NOBODY)["headline"],
        *in_lines(SOME_FIGURES).values(),
        in_lines(CAUGHT_UP)["headline"],
    ]


def test_at_the_end_alerts_trends_and_views_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    show_shoppers(NOBODY)
    assert capsys.readouterr().out == ""
    show_shoppers(SOME_FIGURES)
    assert capsys.readouterr().out.splitlines() == [
        "alerts by rule       count",
        "high_amount          12",
        "suspicious_location  2",
        "trending this hour  category  score",
        "SKU-7               toys      41",
        "SKU-3               garden    1,300",
        "viewed last by sub_a, from Valkey: SKU-3, SKU-9",
    ]


@pytest.mark.parametrize(
    "lag, caught_up",
    [
        pytest.param({}, False, id="no application has reported yet"),
        pytest.param({"orders": 0, "ingest": 1}, False, id="one is behind"),
        pytest.param({"orders": 0, "ingest": 0}, True, id="all are level"),
    ],
)
def test_caught_up(lag: dict[str, int], caught_up: bool) -> None:
    assert Figures(**{**vars(SOME_FIGURES), "lag": lag}).caught_up is caught_up


@pytest.mark.parametrize(
    "span, unit",
    [
        pytest.param(timedelta(hours=24), "hour", id="a day in hours"),
        pytest.param(timedelta(hours=24, seconds=1), "day", id="a second more in days"),
        pytest.param(timedelta(days=31), "day", id="a month in days"),
        pytest.param(timedelta(days=32), "week", id="more in weeks"),
        pytest.param(timedelta(weeks=53), "month", id="a year in months"),
    ],
)
def test_revenue_over_time_fits_a_screen(span: timedelta, unit: str) -> None:
    assert unit_for(span) == unit


@pytest.mark.parametrize(
    "amount, length",
    [
        pytest.param("100", BAR_WIDTH, id="the largest"),
        pytest.param("50", BAR_WIDTH // 2, id="half of it"),
        pytest.param("0.01", 1, id="a cent is still seen"),
        pytest.param("0", 0, id="nothing"),
        pytest.param("-5", 0, id="less than nothing"),
    ],
)
def test_bars(amount: str, length: int) -> None:
    assert len(bar(Decimal(amount), Decimal(100))) == length


def test_no_revenue_draws_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    show_revenue("day", [])
    assert capsys.readouterr().out == ""

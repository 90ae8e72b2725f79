"""The price table: whole, dated, and clear about where its prices come from."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from ops.commands.cost.prices import STALE_DAYS, read_prices


def table(tmp_path: Path, rows: str) -> Path:
    path = tmp_path / "prices.toml"
    path.write_text(
        'region = "us-east-1"\ndated = 2026-11-25\nread_on = 2026-11-24\ninfracost = "a list: "\n'
        + rows
    )
    return path


def test_every_price_is_positive_and_some_could_only_be_recalled() -> None:
    prices = read_prices().prices.values()
    assert all(price.usd > 0 for price in prices)
    assert {price.recalled for price in prices} == {True, False}


def test_a_price_is_exact_and_has_its_group_and_its_source(tmp_path: Path) -> None:
    row = '[price.lake]\na = ["hour", "0.0000133334", "infracost b.golden"]\n'
    price = read_prices(table(tmp_path, row))["a"]
    assert (price.group, price.usd) == ("lake", Decimal("0.0000133334"))
    assert price.source == "a list: b.golden"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        pytest.param('[price.lake]\na = ["h", "0", ""]\n', "of a is 0", id="nothing is free here"),
        pytest.param(
            '[price.lake]\na = ["h", "1", ""]\n[price.kafka]\na = ["h", "1", ""]\n',
            "two prices of a",
            id="twice",
        ),
    ],
)
def test_what_a_table_may_not_say(rows: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        read_prices(table(tmp_path, rows))


@pytest.mark.parametrize(
    ("days", "stale"),
    [
        pytest.param(0, False, id="of today"),
        pytest.param(STALE_DAYS, False, id="120 days old"),
        pytest.param(STALE_DAYS + 1, True, id="121 days old"),
    ],
)
def test_a_table_grows_old(days: int, stale: bool) -> None:
    prices = read_prices()
    assert prices.is_stale(prices.dated + timedelta(days=days)) is stale

"""The price table: whole, dated, and honest about where it comes from."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from ops.commands.cost.prices import STALE_DAYS, read_prices

ROW = 'key = "a"\nunit = "hour"\n'
READ = 'read = "a page"\non = 2026-11-25\n'


def table(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "prices.toml"
    path.write_text(
        'region = "us-east-1"\ndated = 2026-11-25\n' + "".join(f"[[price]]\n{row}" for row in rows)
    )
    return path


def test_every_row_says_where_it_was_read_or_that_it_is_recalled() -> None:
    for price in read_prices().prices.values():
        assert bool(price.source) != price.recalled, price.key


def test_a_price_is_exact(tmp_path: Path) -> None:
    read = read_prices(table(tmp_path, f'{ROW}usd = "0.0000133334"\n{READ}'))
    assert read["a"].usd == Decimal("0.0000133334")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        pytest.param([f'{ROW}usd = "1"\n'], "where and when", id="neither read nor recalled"),
        pytest.param(
            [f'{ROW}usd = "1"\n{READ}recalled = true\n'], "where and when", id="both of it"
        ),
        pytest.param([f'{ROW}usd = "1"\nread = "a"\n'], "where and when", id="read, but when"),
        pytest.param([f'{ROW}usd = "0"\n{READ}'], "is 0", id="nothing is free in this table"),
        pytest.param([f'{ROW}usd = "1"\n{READ}'] * 2, "two prices of a", id="twice"),
    ],
)
def test_what_a_table_may_not_say(rows: list[str], message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        read_prices(table(tmp_path, *rows))


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

"""The price table: dated, one region, each row with where it was read."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("prices.toml")
# AWS changes some prices every few months.
STALE_DAYS = 120


@dataclass(frozen=True)
class Price:
    """USD for one `unit`. `source` is where it was read, on `read_on`; both are empty where the
    price could only be recalled."""

    key: str
    unit: str
    usd: Decimal
    source: str
    read_on: date | None

    @property
    def recalled(self) -> bool:
        return self.read_on is None


@dataclass(frozen=True)
class PriceTable:
    """Prices of `region` as of `dated`."""

    region: str
    dated: date
    prices: Mapping[str, Price]

    def __getitem__(self, key: str) -> Price:
        """Raises KeyError for what has no price."""
        return self.prices[key]

    def age_days(self, today: date) -> int:
        return (today - self.dated).days

    def is_stale(self, today: date) -> bool:
        """Whether the table is older than `STALE_DAYS`."""
        return self.age_days(today) > STALE_DAYS


def read_prices(path: Path = TABLE) -> PriceTable:
    """Raises ValueError for two prices under one key, a price that is not positive, or a row that
    is neither read nor recalled."""
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    prices: dict[str, Price] = {}
    for price in _rows(document["price"]):
        if price.key in prices:
            raise ValueError(f"two prices of {price.key}")
        prices[price.key] = price
    return PriceTable(document["region"], document["dated"], prices)


def _rows(rows: list[dict[str, Any]]) -> Iterator[Price]:
    for row in rows:
        price = Price(
            row["key"], row["unit"], Decimal(row["usd"]), row.get("read", ""), row.get("on")
        )
        if price.usd <= 0:
            raise ValueError(f"the price of {price.key} is {price.usd}")
        is_read = bool(price.source) and price.read_on is not None
        if is_read == row.get("recalled", False):
            raise ValueError(f"{price.key} says where and when it was read, or that it is recalled")
        yield price

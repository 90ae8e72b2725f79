"""The price table: dated, of one region, and each price with its source."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Literal, get_args

TABLE = Path(__file__).with_name("prices.toml")
# AWS changes some prices every few months.
STALE_DAYS = 120

Group = Literal["network", "kafka", "compute", "stores", "lake", "functions", "observability"]
GROUPS: tuple[Group, ...] = get_args(Group)


@dataclass(frozen=True)
class Price:
    """USD per `unit`. `source` is where the price was read, and empty where it could only be
    recalled. `group` is where its cost is shown."""

    key: str
    group: Group
    unit: str
    usd: Decimal
    source: str

    @property
    def recalled(self) -> bool:
        return not self.source


@dataclass(frozen=True)
class PriceTable:
    """Prices of `region` as of `dated`; those with a source were read on `read_on`."""

    region: str
    dated: date
    read_on: date
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
    """Raises ValueError for two prices with one key, and for a price that is not positive."""
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    prices: dict[str, Price] = {}
    for group in GROUPS:
        for key, (unit, usd, read) in document["price"].get(group, {}).items():
            if key in prices:
                raise ValueError(f"two prices of {key}")
            source = read.replace("infracost ", document["infracost"], 1)
            prices[key] = Price(key, group, unit, Decimal(usd), source)
            if prices[key].usd <= 0:
                raise ValueError(f"the price of {key} is {usd}")
    return PriceTable(document["region"], document["dated"], document["read_on"], prices)

"""The estimate: usages with their prices and sums, and everything that they rest on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cached_property
from typing import Any

from contracts.errors import ShopstreamError
from ops.commands.cost.assumptions import all_assumptions
from ops.commands.cost.environment import Environment
from ops.commands.cost.lake import monthly_growth
from ops.commands.cost.meters import ALIKE, METERS, usages, why_free
from ops.commands.cost.month import Load, MeteredUsage, Month
from ops.commands.cost.prices import GROUPS, Group, Price, PriceTable

CENT = Decimal("0.01")
MARGIN = Decimal("1.30")
RIVAL_USD = Decimal(3709)
COMPARISON = {
    "name": "Clickstream Analytics on AWS, real-time variant, 1,000 requests a second",
    "covers": "as published: web servers that take events in, buffer, processing, Redshift; its "
    "cost page names zone traffic, NAT or endpoints and access logs apart",
    "ours_covers": "from Kafka on: streams, applications, lake, Postgres, Valkey, functions, "
    "CloudWatch, network; no web servers that take events in, no reporting tool",
}


@dataclass(frozen=True)
class Item:
    """A usage with its price. `usd` is exact; it is rounded only where it is shown."""

    usage: MeteredUsage
    price: Price

    @property
    def group(self) -> Group:
        return self.usage.group or self.price.group

    @property
    def usd(self) -> Decimal:
        return self.usage.quantity * self.price.usd


@dataclass(frozen=True)
class Estimate:
    """USD of a month."""

    name: str
    load: Load
    items: tuple[Item, ...]
    free: dict[str, str]
    table: PriceTable

    @cached_property
    def total(self) -> Decimal:
        return rounded(_sum(self.items))

    @cached_property
    def recalled(self) -> Decimal:
        """The part of the total whose prices could only be recalled."""
        return rounded(_sum(item for item in self.items if item.price.recalled))

    @property
    def total_at_plus_30_percent(self) -> Decimal:
        """The total if every price of the table were 30 % too low."""
        return rounded(self.total * MARGIN)

    @property
    def total_with_recalled_at_plus_30_percent(self) -> Decimal:
        return rounded(self.total + self.recalled * (MARGIN - 1))

    def group(self, group: Group) -> Decimal:
        return rounded(_sum(item for item in self.items if item.group == group))

    def share(self, usd: Decimal) -> Decimal:
        """Percent of the total."""
        return (usd / self.total * 100).quantize(Decimal("0.1")) if self.total else Decimal(0)

    def document(self, limit: Decimal | None, today: date) -> dict[str, Any]:
        """The estimate for programs. Money is text, so that no cent is lost."""
        return {
            "environment": self.name,
            "load": self.load.name,
            "events_per_second": self.load.events_per_second,
            "region": self.table.region,
            "currency": "USD",
            "total": self.total,
            "total_at_plus_30_percent": self.total_at_plus_30_percent,
            "total_with_recalled_at_plus_30_percent": self.total_with_recalled_at_plus_30_percent,
            "recalled": self.recalled,
            "limit": limit,
            "within_limit": limit is None or self.total <= limit,
            "groups": {group: self.group(group) for group in GROUPS},
            "items": [self._line(item) for item in self.items],
            "growth": {
                "lake_gb_a_month": rounded(monthly_growth(self.load)),
                "usd_for_each_month_kept": rounded(
                    monthly_growth(self.load) * self.table["s3.infrequent"].usd
                ),
            },
            "assumptions": {
                name: {"value": one, "meaning": one.meaning}
                for name, one in all_assumptions().items()
            },
            "free": self.free,
            "prices": {
                "dated": self.table.dated,
                "age_days": self.table.age_days(today),
                "stale": self.table.is_stale(today),
            },
            "comparison": {
                **COMPARISON,
                "usd": RIVAL_USD,
                "below": self.total < RIVAL_USD,
                "below_at_plus_30_percent": self.total_at_plus_30_percent < RIVAL_USD,
            },
        }

    def _line(self, item: Item) -> dict[str, Any]:
        return {
            "group": item.group,
            "what": item.usage.what,
            "quantity": item.usage.quantity.quantize(Decimal("0.001")),
            "unit": item.price.unit,
            "unit_usd": format(item.price.usd, "f"),
            "usd": rounded(item.usd),
            "share_percent": self.share(item.usd),
            "price": item.price.key,
            "source": item.price.source or "recalled",
            "read_on": None if item.price.recalled else self.table.read_on,
            "recalled": item.price.recalled,
        }


def estimate(name: str, environment: Environment, load: Load, table: PriceTable) -> Estimate:
    """What the environment costs under the load. Raises ShopstreamError for a type without a meter,
    and for a usage without a price."""
    counted = METERS.keys() | ALIKE.keys()
    free = {kind: why_free(kind) for kind in sorted(environment.types - counted)}
    if unknown := [kind for kind, reason in free.items() if reason is None]:
        raise ShopstreamError(
            f"nobody has said what these cost: {', '.join(unknown)}",
            cause="the templates hold a type that has no meter",
            command="add it to METERS or FREE in ops/commands/cost/meters.py",
        )
    items = [Item(usage, _price(usage, table)) for usage in usages(Month(environment, load))]
    items.sort(key=lambda item: GROUPS.index(item.group))
    reasons = {kind: reason for kind, reason in free.items() if reason is not None}
    return Estimate(name, load, tuple(items), reasons, table)


def rounded(usd: Decimal) -> Decimal:
    """To the cent."""
    return usd.quantize(CENT, ROUND_HALF_EVEN)


def _price(usage: MeteredUsage, table: PriceTable) -> Price:
    try:
        return table[usage.price]
    except KeyError as problem:
        raise ShopstreamError(
            f"no price of {usage.price}, needed for: {usage.what}",
            cause="a setting chose something that the price table does not know",
            command="add a row to ops/commands/cost/prices.toml",
        ) from problem


def _sum(items: Iterable[Item]) -> Decimal:
    return sum((item.usd for item in items), Decimal(0))

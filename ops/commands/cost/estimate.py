"""The estimate: usages priced, summed, and said with everything they rest on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cached_property
from typing import Any

from contracts.errors import ShopstreamError
from ops.commands.cost.assumptions import all_assumptions
from ops.commands.cost.catalogue import CUSTOM, FREE, METERS, unmetered
from ops.commands.cost.environment import Environment
from ops.commands.cost.lake import monthly_growth
from ops.commands.cost.prices import Price, PriceTable
from ops.commands.cost.usage import GROUPS, Group, Usage
from ops.commands.cost.workload import Load

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
    """A usage with its price; `usd` is exact, and rounded only where it is shown."""

    usage: Usage
    price: Price

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
        """Were every price of the table 30 % too low."""
        return rounded(self.total * MARGIN)

    @property
    def total_with_recalled_at_plus_30_percent(self) -> Decimal:
        return rounded(self.total + self.recalled * (MARGIN - 1))

    def group(self, group: Group) -> Decimal:
        return rounded(_sum(item for item in self.items if item.usage.group == group))

    def share(self, usd: Decimal) -> Decimal:
        """Percent of the total."""
        return (usd / self.total * 100).quantize(Decimal("0.1")) if self.total else Decimal(0)

    def document(self, limit: Decimal | None, today: date) -> dict[str, Any]:
        """The estimate for programs; money is text, in which no cent is lost."""
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
                name: {"value": one.value, "meaning": one.meaning}
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
            "group": item.usage.group,
            "what": item.usage.what,
            "quantity": item.usage.quantity.quantize(Decimal("0.001")),
            "unit": item.price.unit,
            "unit_usd": format(item.price.usd, "f"),
            "usd": rounded(item.usd),
            "share_percent": self.share(item.usd),
            "price": item.price.key,
            "source": item.price.source or "recalled",
            "read_on": item.price.read_on,
            "recalled": item.price.recalled,
        }


def estimate(name: str, environment: Environment, load: Load, table: PriceTable) -> Estimate:
    """Every meter of every type in the environment. Raises ShopstreamError for a type of which
    nobody has said what it costs, and for something that has no price."""
    if unknown := unmetered(environment.types):
        raise ShopstreamError(
            f"nobody has said what these cost: {', '.join(unknown)}",
            cause="the templates hold a type that has no meter",
            command="add it to METERS or FREE in ops/commands/cost/catalogue.py",
        )
    usages = [
        usage
        for kind, meters in METERS.items()
        if kind in environment.types
        for meter in meters
        for usage in meter(environment, load)
    ]
    items = tuple(Item(usage, _price(usage, table)) for usage in usages)
    free = {kind: _why_free(kind) for kind in sorted(environment.types) if kind not in METERS}
    order = {group: number for number, group in enumerate(GROUPS)}
    return Estimate(
        name, load, tuple(sorted(items, key=lambda item: order[item.usage.group])), free, table
    )


def rounded(usd: Decimal) -> Decimal:
    """To the cent."""
    return usd.quantize(CENT, ROUND_HALF_EVEN)


def _price(usage: Usage, table: PriceTable) -> Price:
    try:
        return table[usage.price]
    except KeyError as problem:
        raise ShopstreamError(
            f"no price of {usage.price}, needed for: {usage.what}",
            cause="a setting chose something that the price table does not know",
            command="add a row to ops/cost/prices.toml",
        ) from problem


def _why_free(kind: str) -> str:
    return "counted with the function behind it" if kind.startswith(CUSTOM) else FREE[kind]


def _sum(items: Iterable[Item]) -> Decimal:
    return sum((item.usd for item in items), Decimal(0))

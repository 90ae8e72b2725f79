"""Fraud, and honest orders that look like it, as visits that buy one thing each.

Every scenario has a share of all orders. The shares of fraud add up to 1.2 %, below the 2 % that a
shop would call a bad year. One of the frauds, `quiet`, trips no rule. Each honest scenario trips
one rule only, so that no rule can be right by itself; a newcomer may trip two.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np

from contracts.times import HOUR_US, MINUTE_US, SECOND_US
from producer.simulate.shop.catalogue import Catalogue
from producer.simulate.shop.columns import KEPT, Looks, Visits
from producer.simulate.shop.countries import COUNTRIES, HIDDEN
from producer.simulate.shop.shoppers import DEVICES_EACH, INCIDENT_DEVICES, NEW_ACCOUNTS, Shoppers

# A large amount is reached by buying several pieces of a product of about this price.
_PRICE_OF_LARGE = 9_000
# So many earlier orders make a history, by which an unusual amount is judged.
LEAST_HISTORY = 4


class PlannedOrder(NamedTuple):
    """One order to come. Its `amount`, in minor units, is met within a few per cent."""

    at: int
    shopper: int
    country: int
    location: int
    device: int
    created: int
    amount: int


@dataclass
class Chance:
    """What a scenario is made from: a time to begin at, people, and a device of its own."""

    random: np.random.Generator
    shoppers: Shoppers
    at: int
    device: int
    accounts: Iterator[int]

    def between(self, low: int, high: int) -> int:
        return int(self.random.integers(low, high))

    def abroad(self, country: int) -> int:
        return (country + self.between(1, len(COUNTRIES))) % len(COUNTRIES)

    def hidden(self) -> int:
        return len(COUNTRIES) + self.between(0, len(HIDDEN))

    def new_account(self, youngest: int = 5 * MINUTE_US) -> PlannedOrder:
        """An order by an account that was made within the last hour."""
        shopper = self.shoppers.count + next(self.accounts) % NEW_ACCOUNTS
        country = int(self.shoppers.country[shopper])
        created = self.at - self.between(youngest, HOUR_US)
        return PlannedOrder(self.at, shopper, country, country, self.device, created, 0)

    def shopper(self) -> PlannedOrder:
        """An order by an honest shopper with an account, at home and on their own device."""
        while True:
            country = np.array([self.between(0, len(COUNTRIES))], np.int8)
            (shopper,) = self.shoppers.turn(country).tolist()
            if not self.shoppers.guest[shopper]:
                return self.order_of(shopper)

    def known(self) -> PlannedOrder | None:
        """An order by one of the latest shoppers who have a history; None if nobody has one."""
        known = np.flatnonzero(self.shoppers.orders[: self.shoppers.count] >= LEAST_HISTORY)
        known = known[~self.shoppers.guest[known]]
        if not len(known):
            return None
        latest = known[np.argsort(self.shoppers.last_order[known], kind="stable")[-20:]]
        return self.order_of(int(latest[self.between(0, len(latest))]))

    def order_of(self, shopper: int) -> PlannedOrder:
        country = int(self.shoppers.country[shopper])
        created = int(self.shoppers.created[shopper])
        return PlannedOrder(self.at, shopper, country, country, shopper * DEVICES_EACH, created, 0)

    def unusual(self, shopper: int) -> int:
        """Six to nine times what the shopper usually spends, but below a thousand."""
        mean = self.shoppers.spent[shopper] / self.shoppers.orders[shopper]
        return int(np.clip(mean * self.random.uniform(6, 9), 30_000, 95_000))

    def series(
        self, first: PlannedOrder, count: int, gap: tuple[int, int]
    ) -> Iterator[PlannedOrder]:
        """`count` orders like the first one, with a gap in seconds before each next one."""
        at = first.at
        for _ in range(count):
            yield first._replace(at=at)
            at += self.between(gap[0] * SECOND_US, gap[1] * SECOND_US)

    def amounts(self, orders: Iterator[PlannedOrder], low: int, high: int) -> list[PlannedOrder]:
        return [order._replace(amount=self.between(low, high)) for order in orders]


Plan: TypeAlias = Callable[[Chance], list[PlannedOrder]]


def stolen_card(chance: Chance) -> list[PlannedOrder]:
    orders = chance.series(chance.new_account(), chance.between(1, 3), (120, 480))
    return chance.amounts(orders, 115_000, 280_000)


def card_testing(chance: Chance) -> list[PlannedOrder]:
    orders = chance.series(chance.new_account(), chance.between(6, 11), (6, 16))
    return chance.amounts(orders, 150, 290)


def account_takeover(chance: Chance) -> list[PlannedOrder]:
    victim = chance.known()
    if victim is None:
        return stolen_card(chance)
    shopper = victim.shopper
    at = max(chance.at, int(chance.shoppers.last_order[shopper]) + 8 * MINUTE_US)
    stolen = victim._replace(
        at=at,
        location=chance.abroad(victim.country),
        device=chance.device,
        amount=chance.unusual(shopper),
    )
    return list(chance.series(stolen, chance.between(1, 3), (60, 300)))


def proxy(chance: Chance) -> list[PlannedOrder]:
    hidden = chance.new_account()._replace(location=chance.hidden())
    return chance.amounts(chance.series(hidden, chance.between(1, 4), (200, 900)), 8_000, 60_000)


def device_ring(chance: Chance) -> list[PlannedOrder]:
    count = chance.between(5, 9)
    orders = (
        chance.new_account()._replace(at=chance.at + index * chance.between(240, 600) * SECOND_US)
        for index in range(count)
    )
    return chance.amounts(orders, 10_000, 40_000)


def quick_buyer(chance: Chance) -> list[PlannedOrder]:
    orders = chance.series(chance.new_account(), chance.between(6, 10), (12, 35))
    return chance.amounts(orders, 6_000, 30_000)


def quiet(chance: Chance) -> list[PlannedOrder]:
    waited = chance.new_account()._replace(created=chance.at - chance.between(2, 24) * HOUR_US)
    orders = chance.series(waited, chance.between(1, 4), (1_200, 3_600))
    return chance.amounts(orders, 50_000, 95_000)


def bulk_buyer(chance: Chance) -> list[PlannedOrder]:
    return [chance.shopper()._replace(amount=chance.between(115_000, 400_000))]


def privacy_seeker(chance: Chance) -> list[PlannedOrder]:
    amount = chance.between(2_000, 9_000)
    return [chance.shopper()._replace(location=chance.hidden(), amount=amount)]


def forgetful(chance: Chance) -> list[PlannedOrder]:
    return chance.amounts(chance.series(chance.shopper(), 6, (40, 80)), 1_500, 6_000)


def sampler(chance: Chance) -> list[PlannedOrder]:
    return chance.amounts(chance.series(chance.shopper(), 4, (60, 120)), 150, 290)


def big_purchase(chance: Chance) -> list[PlannedOrder]:
    known = chance.known()
    return [] if known is None else [known._replace(amount=chance.unusual(known.shopper))]


def flight(chance: Chance) -> list[PlannedOrder]:
    home = chance.shopper()
    landed = home._replace(
        at=home.at + chance.between(25, 50) * MINUTE_US, location=chance.abroad(home.country)
    )
    return chance.amounts(iter((home, landed)), 2_000, 8_000)


def family(chance: Chance) -> list[PlannedOrder]:
    orders = (
        chance.shopper()._replace(
            at=chance.at + index * chance.between(5, 12) * MINUTE_US, device=chance.device
        )
        for index in range(5)
    )
    return chance.amounts(orders, 2_000, 8_000)


def newcomer(chance: Chance) -> list[PlannedOrder]:
    # Half of the first baskets are above 80.00, and one in 250 is above 1000.00.
    amount = min(200_000, 8_000 * math.exp(chance.random.normal(0, 0.95)))
    return [chance.new_account(youngest=2 * MINUTE_US)._replace(amount=int(amount))]


@dataclass(frozen=True)
class Scenario:
    """`share` of all orders, in incidents of `orders` orders on average."""

    plan: Plan
    share: float
    orders: float
    fraud: bool

    @property
    def name(self) -> str:
        return self.plan.__name__


# The `scenario` of an order that is fraud is its number in this list, from 1.
SCENARIOS: tuple[Scenario, ...] = (
    Scenario(stolen_card, 0.0022, 1.5, fraud=True),
    Scenario(card_testing, 0.0025, 8, fraud=True),
    Scenario(account_takeover, 0.0016, 1.5, fraud=True),
    Scenario(proxy, 0.0013, 2, fraud=True),
    Scenario(device_ring, 0.0018, 6.5, fraud=True),
    Scenario(quick_buyer, 0.0016, 7.5, fraud=True),
    Scenario(quiet, 0.0010, 2, fraud=True),
    Scenario(bulk_buyer, 0.0005, 1, fraud=False),
    Scenario(privacy_seeker, 0.0005, 1, fraud=False),
    Scenario(forgetful, 0.0005, 6, fraud=False),
    Scenario(sampler, 0.0005, 4, fraud=False),
    Scenario(big_purchase, 0.0003, 1, fraud=False),
    Scenario(flight, 0.0005, 2, fraud=False),
    Scenario(family, 0.0005, 5, fraud=False),
    Scenario(newcomer, 0.0100, 1, fraud=False),
)


class Incidents:
    """Plans the incidents of one stretch of time after the other."""

    def __init__(
        self, random: np.random.Generator, shoppers: Shoppers, catalogue: Catalogue
    ) -> None:
        self._random = random
        self._shoppers = shoppers
        self._catalogue = catalogue
        self._incidents = 0
        self._accounts = itertools.count()

    def plan(self, start: int, end: int, orders: float, first_visit: int) -> tuple[Visits, Looks]:
        """Visits of the incidents that begin in [start, end), in which `orders` orders are
        expected. They are numbered from `first_visit` on."""
        planned: list[tuple[PlannedOrder, int, int]] = []
        for number, scenario in enumerate(SCENARIOS, start=1):
            for _ in range(self._random.poisson(orders * scenario.share / scenario.orders)):
                self._incidents += 1
                found = scenario.plan(self._chance(start, end))
                fraud = (self._incidents, number) if scenario.fraud else (0, 0)
                planned += [(order, *fraud) for order in found]
        return self._visits(planned, first_visit), self._looks(planned)

    def _chance(self, start: int, end: int) -> Chance:
        at = int(self._random.integers(start, end))
        device = INCIDENT_DEVICES + self._incidents
        return Chance(self._random, self._shoppers, at, device, self._accounts)

    def _visits(self, planned: list[tuple[PlannedOrder, int, int]], first_visit: int) -> Visits:
        count = len(planned)
        orders = np.array([order for order, _, _ in planned], np.int64).reshape(count, 7).T
        at, shopper, country, location, device, created, _ = orders
        return Visits(
            number=first_visit + np.arange(count),
            start=at,
            shopper=shopper.astype(np.int32),
            country=country.astype(np.int8),
            location=location.astype(np.int8),
            device=device,
            created=created,
            buyer=np.ones(count, np.bool_),
            incident=np.array([incident for _, incident, _ in planned], np.int32),
            scenario=np.array([scenario for _, _, scenario in planned], np.int8),
        )

    def _looks(self, planned: list[tuple[PlannedOrder, int, int]]) -> Looks:
        count = len(planned)
        quantities = [max(1, round(order.amount / _PRICE_OF_LARGE)) for order, _, _ in planned]
        products = [
            self._catalogue.closest(order.amount // quantity)
            for (order, _, _), quantity in zip(planned, quantities, strict=True)
        ]
        return Looks(
            visit=np.arange(count),
            kind=np.full(count, KEPT, np.int8),
            product=np.array(products, np.int32),
            quantity=np.array(quantities, np.int32),
        )

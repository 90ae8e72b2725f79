"""The people of the simulated shop, and whose turn it is to visit."""

from __future__ import annotations

import numpy as np

from contracts.times import DAY_US
from producer.simulate.shop.catalogue import Catalogue
from producer.simulate.shop.columns import Bytes, Flags, Ints, Longs, Orders, Visits
from producer.simulate.shop.countries import COUNTRIES

# Accounts that are made while the shop is open. After so many, they are used again.
NEW_ACCOUNTS = 20_000
DEVICES_EACH = 3
# Honest devices are numbered by shopper; the numbers of incidents' devices are above them all.
INCIDENT_DEVICES = 1 << 40
_OLDEST_ACCOUNT_DAYS = 3 * 365
_GUEST_SHARE, _REGULAR_SHARE, _TRAVELLER_SHARE = 0.15, 0.05, 0.01
# The share of visits with something in the basket that buy it.
_CONVERSION, _REGULAR_CONVERSION, _GUEST_CONVERSION = 0.28, 0.75, 0.18
# Phone, laptop, tablet.
_DEVICE_ENDS = np.cumsum((0.6, 0.32))


class Shoppers:
    """`count` honest shoppers by country, each with habits, and what each has bought so far.

    Every shopper of a country visits once before any visits again.
    """

    def __init__(self, random: np.random.Generator, count: int, start: int) -> None:
        self.count = count
        weights = np.array([country.weight for country in COUNTRIES], np.float64)
        ends = np.round(np.cumsum(weights) / weights.sum() * count).astype(np.int64)
        self._first = np.append(0, ends[:-1])
        self._size = np.maximum(1, ends - self._first)
        self._turn = np.zeros(len(COUNTRIES), np.int64)
        everybody = count + NEW_ACCOUNTS
        self.country: Bytes = np.searchsorted(ends, np.arange(everybody), "right").astype(np.int8)
        self.country[count:] = random.integers(0, len(COUNTRIES), NEW_ACCOUNTS)
        habit = random.random(everybody)
        self.guest: Flags = habit < _GUEST_SHARE
        self.guest[count:] = False
        self.regular: Flags = habit > 1 - _REGULAR_SHARE
        self._travels: Flags = random.random(everybody) < _TRAVELLER_SHARE
        days = random.integers(1, _OLDEST_ACCOUNT_DAYS, everybody)
        self.created: Longs = start - days * DAY_US - random.integers(0, DAY_US, everybody)
        self._conversion = np.full(everybody, _CONVERSION)
        self._conversion[self.regular] = _REGULAR_CONVERSION
        self._conversion[self.guest] = _GUEST_CONVERSION
        self.orders: Ints = np.zeros(everybody, np.int32)
        self.spent: Longs = np.zeros(everybody, np.int64)
        self.last_order: Longs = np.zeros(everybody, np.int64)

    def turn(self, country: Bytes) -> Ints:
        """Who visits next in these countries."""
        shopper = np.empty(len(country), np.int32)
        for number in range(len(COUNTRIES)):
            rows = np.flatnonzero(country == number)
            turns = self._turn[number] + np.arange(len(rows))
            shopper[rows] = self._first[number] + turns % self._size[number]
            self._turn[number] += len(rows)
        return shopper

    def visits(
        self, random: np.random.Generator, *, number: Longs, start: Longs, country: Bytes
    ) -> Visits:
        """Ordinary visits of the shoppers whose turn it is."""
        shopper = self.turn(country)
        device = np.searchsorted(_DEVICE_ENDS, random.random(len(start)))
        guest = self.guest[shopper]
        away = self._travels[shopper]
        # A traveller stays in one other country, the same one for each of their orders.
        location = np.where(away, (country + 1 + shopper % 5) % len(COUNTRIES), country)
        return Visits(
            number=number,
            start=start,
            shopper=shopper,
            country=country,
            location=location.astype(np.int8),
            device=shopper.astype(np.int64) * DEVICES_EACH + device,
            created=np.where(guest, 0, self.created[shopper]),
            buyer=random.random(len(start)) < self._conversion[shopper],
            incident=np.zeros(len(start), np.int32),
            scenario=np.zeros(len(start), np.int8),
        )

    def remember(self, orders: Orders, catalogue: Catalogue) -> None:
        """Remember what was ordered, at list prices: unusual amounts are judged by it."""
        placed = orders.take(~orders.cancelled & (orders.incident == 0))
        prices = np.where(placed.lines >= 0, catalogue.prices[placed.lines], 0)
        np.add.at(self.orders, placed.shopper, 1)
        np.add.at(self.spent, placed.shopper, (prices * placed.quantities).sum(axis=1))
        np.maximum.at(self.last_order, placed.shopper, placed.time)

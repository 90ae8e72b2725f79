"""Discounts of the simulated shop: which product, how much, from when to when."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts.times import HOUR_US, MINUTE_US
from producer.simulate.shop.catalogue import PRODUCTS

SLOT_US = MINUTE_US
CHANNELS = ("email", "app", "web", "social")
_DISCOUNTS = (5, 10, 15, 20, 25, 30, 40, 50)
_SHORTEST_US, _LONGEST_US = 10 * MINUTE_US, HOUR_US
_SLOTS_BACK = _LONGEST_US // SLOT_US
# Only the most popular products are promoted: a promotion that nobody sees shows nothing.
_PROMOTED = 300
_MOST_A_SLOT = 2.0
_EVENTS_A_PROMOTION = 500


class Promoted(NamedTuple):
    """One promotion, valid in [starts_at, ends_at) and announced at its start."""

    number: int
    product: int
    percent: int
    starts_at: int
    ends_at: int
    channel: str


class Discounts:
    """The discount of each product as time goes on; the latest promotion counts.

    A seed has its promotions by the minute of their start; every worker has the same ones.
    """

    def __init__(self, seed: int, events_per_second: float, start: int) -> None:
        self._seed = seed
        self._mean = min(_MOST_A_SLOT, events_per_second * 60 / _EVENTS_A_PROMOTION)
        self._until = start - _SLOTS_BACK * SLOT_US
        self._starts = np.zeros(PRODUCTS, np.int64)
        self._ends = np.zeros(PRODUCTS, np.int64)
        self._percent = np.zeros(PRODUCTS, np.int64)

    def advance(self, until: int) -> list[Promoted]:
        """Let the promotions begin that start before `until`; return those that are new, by
        time."""
        slots = range(self._until // SLOT_US, -(-until // SLOT_US))
        found = [promoted for slot in slots for promoted in self._of_slot(slot)]
        started = sorted(
            (one for one in found if self._until <= one.starts_at < until),
            key=lambda one: one.starts_at,
        )
        for one in started:
            self._starts[one.product] = one.starts_at
            self._ends[one.product] = one.ends_at
            self._percent[one.product] = one.percent
        self._until = until
        return started

    def _of_slot(self, slot: int) -> list[Promoted]:
        random = np.random.default_rng([self._seed, slot])
        return [
            Promoted(
                number=slot * 100 + index,
                product=int(random.integers(0, min(_PROMOTED, PRODUCTS))),
                percent=_DISCOUNTS[random.integers(0, len(_DISCOUNTS))],
                starts_at=(starts := slot * SLOT_US + int(random.integers(0, SLOT_US))),
                ends_at=starts + int(random.integers(_SHORTEST_US, _LONGEST_US)),
                channel=CHANNELS[random.integers(0, len(CHANNELS))],
            )
            for index in range(min(99, random.poisson(self._mean)))
        ]

    def active(self, time: int) -> NDArray[np.int32]:
        """The products with a discount at a time."""
        found = np.flatnonzero((self._starts <= time) & (time < self._ends))
        return found.astype(np.int32)

    def prices(
        self, prices: NDArray[np.int64], product: NDArray[np.int32], time: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """What the products cost at these times, in minor units, rounded down."""
        valid = (self._starts[product] <= time) & (time < self._ends[product])
        percent = np.where(valid, self._percent[product], 0)
        discounted: NDArray[np.int64] = prices[product] * (100 - percent) // 100
        return discounted

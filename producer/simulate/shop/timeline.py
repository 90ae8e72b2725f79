"""The shop's events in the order of sending, one stretch of time after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from contracts.times import MINUTE_US, SECOND_US
from contracts.topics import CLICKS, ORDERS, PROMOTIONS, SOURCES
from producer.simulate.shop.catalogue import Catalogue, make_catalogue
from producer.simulate.shop.columns import Bytes, Clicks, Ints, Longs, Looks, Orders, Visits
from producer.simulate.shop.countries import COUNTRIES, mean_visits, visits_by_country
from producer.simulate.shop.incidents import Incidents
from producer.simulate.shop.oddities import HELD_BACK_US, Marks, Shares, mark
from producer.simulate.shop.promotions import Discounts, Promoted
from producer.simulate.shop.shoppers import Shoppers
from producer.simulate.shop.visits import browse, play

# The indices of the topics in `SOURCES`.
CLICK, ORDER, PROMOTION = map(SOURCES.index, (CLICKS, ORDERS, PROMOTIONS))
# Means of what a visit leaves. tests/producer/simulate/test_events.py measures both.
EVENTS_PER_VISIT = 6.06
ORDERS_PER_VISIT = 0.160
# Large enough that numpy's fixed costs vanish, small enough that memory stays flat.
_STRETCH_EVENTS = 32_768
_LONGEST_STRETCH_US = 30 * MINUTE_US
# The shop is busy from its start on: visits that began earlier are played from their middle.
_WARM_UP_US, _WARM_UP_EVENTS = 4 * MINUTE_US, 1_000_000


@dataclass(frozen=True)
class Shop:
    """What decides every event. Times are in microseconds UTC. `events_per_second` is per second of
    event time, for this worker, on average over `span` from `start` on."""

    seed: int
    worker: int
    start: int
    span: int
    events_per_second: float
    shoppers: int
    shares: Shares


@dataclass(frozen=True)
class EventBatch:
    """Events in the order of sending. `topic` is an index in `SOURCES`, and `row` one in that
    topic's columns. Prices are in minor units."""

    due: Longs
    topic: Bytes
    row: Ints
    marks: Marks
    clicks: Clicks
    click_prices: Longs
    orders: Orders
    line_prices: Longs
    totals: Longs
    promotions: list[Promoted]


class Timeline:
    """All events of a shop, for ever, as batches; equal shops make equal batches."""

    def __init__(self, shop: Shop) -> None:
        streams = np.random.SeedSequence([shop.seed, shop.worker]).spawn(4)
        self._random, people, incidents, self._odd = map(np.random.default_rng, streams)
        self._shop = shop
        self.catalogue: Catalogue = make_catalogue(shop.seed)
        self.shoppers = Shoppers(people, shop.shoppers, shop.start)
        self._incidents = Incidents(incidents, self.shoppers, self.catalogue)
        warm = min(_WARM_UP_US, int(_WARM_UP_EVENTS / shop.events_per_second * SECOND_US))
        self._clock = shop.start - warm
        self._discounts = Discounts(shop.seed, shop.events_per_second, self._clock)
        self._discounts.advance(self._clock)
        busy = mean_visits(shop.start, shop.span)
        self._visits_per_us = shop.events_per_second / EVENTS_PER_VISIT / busy / SECOND_US
        self.visits = 0
        self._clicks: list[Clicks] = []
        self._orders: list[Orders] = []

    def batches(self) -> Iterator[EventBatch]:
        """The batches from the shop's start on."""
        length = _STRETCH_EVENTS / self._shop.events_per_second * SECOND_US
        length = max(1, int(min(_LONGEST_STRETCH_US, length)))
        while True:
            start = self._clock
            end = start + length
            if start < self._shop.start < end:
                end = self._shop.start
            started = self._discounts.advance(end)
            self._play(start, end)
            self._clock = end
            batch = self._batch(end, started if self._shop.worker == 0 else [])
            if start >= self._shop.start:
                yield batch

    def _play(self, start: int, end: int) -> None:
        """Let the visits happen that begin in [start, end)."""
        visits, looks = self._visits_of(start, end)
        # The looks of incidents follow the others, as their visits do.
        planned, bought = self._incidents.plan(
            start, end, len(visits) * ORDERS_PER_VISIT, self.visits
        )
        self.visits += len(planned)
        bought = Looks(bought.visit + len(visits), bought.kind, bought.product, bought.quantity)
        clicks, orders = play(
            self._random, Visits.joined([visits, planned]), Looks.joined([looks, bought])
        )
        self.shoppers.remember(orders, self.catalogue)
        self._clicks.append(self._held_back(clicks))
        self._orders.append(self._held_back(orders))

    def _visits_of(self, start: int, end: int) -> tuple[Visits, Looks]:
        busy = visits_by_country((start + end) // 2)
        count = int(self._random.poisson((end - start) * self._visits_per_us * busy.sum()))
        country = np.searchsorted(
            np.cumsum(busy) / busy.sum(), self._random.random(count), "right"
        ).astype(np.int8)
        visits = self.shoppers.visits(
            self._random,
            number=self.visits + np.arange(count),
            start=np.sort(self._random.integers(start, end, count)),
            country=np.minimum(country, len(COUNTRIES) - 1),
        )
        self.visits += count
        return visits, browse(self._random, count, self.catalogue, self._discounts.active(start))

    def _held_back(self, events: Any) -> Any:
        """Make a share of the events due later than others that happened after them."""
        share = self._shop.shares.out_of_order
        if share == 0:
            return events
        held = self._odd.random(len(events)) < share
        delay = np.where(held, self._odd.integers(*HELD_BACK_US, len(events)), 0)
        return type(events)(**{**vars(events), "due": events.due + delay})

    def _batch(self, end: int, promotions: list[Promoted]) -> EventBatch:
        clicks, later_clicks = _until(Clicks.joined(self._clicks), end)
        orders, later_orders = _until(Orders.joined(self._orders), end)
        self._clicks, self._orders = [later_clicks], [later_orders]
        due = np.concatenate(
            (clicks.due, orders.due, np.array([one.starts_at for one in promotions], np.int64))
        )
        sizes = (len(clicks), len(orders), len(promotions))
        order = np.argsort(due, kind="stable")
        topic = np.repeat(np.arange(3, dtype=np.int8), sizes)[order]
        row = np.concatenate([np.arange(size, dtype=np.int32) for size in sizes])[order]
        fraud = np.zeros(len(due), np.bool_)
        fraud[topic == ORDER] = (orders.incident != 0)[row[topic == ORDER]]
        lines = np.maximum(orders.lines, 0)
        line_prices = self._discounts.prices(
            self.catalogue.prices, lines, orders.time[:, np.newaxis]
        )
        return EventBatch(
            due=due[order],
            topic=topic,
            row=row,
            marks=mark(self._odd, self._shop.shares, topic, fraud),
            clicks=clicks,
            click_prices=self._discounts.prices(self.catalogue.prices, clicks.product, clicks.time),
            orders=orders,
            line_prices=line_prices,
            totals=(line_prices * orders.quantities).sum(axis=1),
            promotions=promotions,
        )


def _until(events: Any, end: int) -> tuple[Any, Any]:
    """The events due before `end`, and the others."""
    now = events.due < end
    return events.take(now), events.take(~now)

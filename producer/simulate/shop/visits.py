"""Turns visits and what they look at into clicks and orders: pure, without a loop over events."""

from __future__ import annotations

import numpy as np

from contracts.times import MINUTE_US, SECOND_US
from producer.simulate.shop.catalogue import Catalogue
from producer.simulate.shop.columns import (
    DROPPED,
    KEPT,
    LOOKED,
    MOST_LINES,
    PURCHASE,
    Clicks,
    Flags,
    Ints,
    Longs,
    Looks,
    Orders,
    Visits,
)

PAYMENT_METHODS = ("card", "paypal", "apple_pay", "invoice", "bank_transfer", "gift_card")
# How often each is used, added up; the rest is the last one's.
_PAYMENT_ENDS = np.cumsum((0.52, 0.22, 0.10, 0.08, 0.05))
# A step takes at least a second; the longer a step is, the rarer it is.
_LEAST_STEP_US, _MEAN_EXTRA_STEP_US = SECOND_US, 7 * SECOND_US
_CHECKOUT_US, _BETWEEN_PURCHASES_US = 12 * SECOND_US, 200_000
# The share of honest orders that are cancelled as a whole, minutes later.
_CANCELLED_SHARE = 0.02
_CANCEL_AFTER_US = (2 * MINUTE_US, 20 * MINUTE_US)
# A geometric distribution: 4.2 products per visit, at most 14.
_LAST_LOOK_SHARE, _MOST_LOOKS = 0.24, 14
_KEPT_SHARE, _DROPPED_SHARE = 0.22, 0.08
_TWO_OF_IT_SHARE = 0.1
_PROMOTED_SHARE = 0.12


def browse(random: np.random.Generator, visits: int, catalogue: Catalogue, promoted: Ints) -> Looks:
    """What visits look at: popular products, and now and then one with a discount."""
    counts = np.minimum(random.geometric(_LAST_LOOK_SHARE, visits), _MOST_LOOKS)
    visit = np.repeat(np.arange(visits), counts)
    chance = random.random(len(visit), np.float32)
    kind = np.full(len(visit), LOOKED, np.int8)
    kind[chance < _KEPT_SHARE + _DROPPED_SHARE] = DROPPED
    kind[chance < _KEPT_SHARE] = KEPT
    product = catalogue.draw(random, len(visit))
    if len(promoted):
        tempted = np.flatnonzero(random.random(len(visit), np.float32) < _PROMOTED_SHARE)
        product[tempted] = random.choice(promoted, len(tempted))
    two = random.random(len(visit), np.float32) < _TWO_OF_IT_SHARE
    return Looks(visit, kind, product, two.astype(np.int32) + 1)


def play(random: np.random.Generator, visits: Visits, looks: Looks) -> tuple[Clicks, Orders]:
    """The events of visits. Each visit has at least one look, and looks are in the order of visits.

    A look is a view. A kept product is also put into the cart; a dropped one is put in and taken
    out again. A buyer purchases what is kept, at most `MOST_LINES` products; others abandon it.
    """
    steps = looks.kind.astype(np.int64) + 1
    look = np.repeat(np.arange(len(looks)), steps)
    first_step = np.cumsum(steps) - steps
    kind = (np.arange(len(look)) - first_step[look]).astype(np.int8)
    visit = looks.visit[look]
    first_look = np.flatnonzero(np.diff(looks.visit, prepend=-1))
    first = first_step[first_look]
    passed = np.cumsum(_steps(random, len(look)))
    time = passed + (visits.start - passed[first])[visit]
    end = time[np.append(first[1:], len(look)) - 1]
    bought, rank = _bought(visits, looks, first_look)
    buyer = looks.visit[bought]
    purchased = end[buyer] + _CHECKOUT_US + rank * _BETWEEN_PURCHASES_US
    all_visits = np.concatenate((visit, buyer))
    all_times = np.concatenate((time, purchased))
    clicks = Clicks(
        due=all_times,
        time=all_times,
        kind=np.concatenate((kind, np.full(len(bought), PURCHASE, np.int8))),
        product=np.concatenate((looks.product[look], looks.product[bought])),
        visit=visits.number[all_visits],
        shopper=visits.shopper[all_visits],
        country=visits.country[all_visits],
    )
    return clicks, _orders(random, visits, looks, bought=bought, rank=rank, end=end)


def _steps(random: np.random.Generator, count: int) -> Longs:
    extra = random.standard_exponential(count, np.float32) * np.float32(_MEAN_EXTRA_STEP_US)
    return extra.astype(np.int64) + _LEAST_STEP_US


def _bought(visits: Visits, looks: Looks, first_look: Longs) -> tuple[Longs, Longs]:
    """The looks that are purchased, and the rank of each in its order."""
    kept = (looks.kind == KEPT) & visits.buyer[looks.visit]
    before = np.cumsum(kept) - kept
    rank = before - before[first_look][looks.visit]
    bought = np.flatnonzero(kept & (rank < MOST_LINES))
    return bought, rank[bought]


def _orders(
    random: np.random.Generator,
    visits: Visits,
    looks: Looks,
    *,
    bought: Longs,
    rank: Longs,
    end: Longs,
) -> Orders:
    row = np.cumsum(rank == 0) - 1
    visit = looks.visit[bought[rank == 0]]
    lines = np.full((len(visit), MOST_LINES), -1, np.int32)
    quantities = np.zeros((len(visit), MOST_LINES), np.int32)
    lines[row, rank] = looks.product[bought]
    quantities[row, rank] = looks.quantity[bought]
    time = end[visit] + _CHECKOUT_US + MOST_LINES * _BETWEEN_PURCHASES_US
    payment = np.searchsorted(_PAYMENT_ENDS, random.random(len(visit)))
    placed = Orders(
        due=time,
        time=time,
        visit=visits.number[visit],
        shopper=visits.shopper[visit],
        country=visits.country[visit],
        location=visits.location[visit],
        device=visits.device[visit],
        created=visits.created[visit],
        payment=payment.astype(np.int8),
        cancelled=np.zeros(len(visit), np.bool_),
        lines=lines,
        quantities=quantities,
        incident=visits.incident[visit],
        scenario=visits.scenario[visit],
    )
    return Orders.joined([placed, _cancellations(random, placed)])


def _cancellations(random: np.random.Generator, placed: Orders) -> Orders:
    honest: Flags = placed.incident == 0
    back = placed.take(honest & (random.random(len(placed)) < _CANCELLED_SHARE))
    later = back.time + random.integers(*_CANCEL_AFTER_US, len(back))
    return Orders(
        **{
            **vars(back),
            "due": later,
            "time": later,
            "cancelled": np.ones(len(back), np.bool_),
            "quantities": -back.quantities,
        }
    )

"""Labelled fraud: rare, never told on the wire, and not found by any single threshold."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import pytest

from contracts.events import Order
from producer.simulate.labels import LABEL_COLUMNS
from producer.simulate.shop.countries import COUNTRIES
from producer.simulate.shop.incidents import SCENARIOS
from producer.simulate.shop.timeline import Timeline
from tests.producer.simulate.sent_shop import SHOP, START, send

MINUTE = 60_000_000
HOUR = 60 * MINUTE
# Most of a day, in which everybody comes back about twenty times and builds a history.
A_DAY = replace(SHOP, events_per_second=40.0, shoppers=20_000, span=24 * HOUR)
ORDERS = 60_000
RULES = (
    *("amount", "location", "velocity", "card_testing", "spike", "jump", "shared_device"),
    "young_account",
)


@dataclass
class Judged:
    """An order, who placed it, and the rules that it trips by itself."""

    scenario: int
    incident: int
    trips: set[str]


class Rules:
    """One plausible threshold per rule, in the order of time, as a first rule pack would have."""

    def __init__(self) -> None:
        self._orders: dict[int, deque[tuple[int, int, int]]] = defaultdict(deque)
        self._spent: dict[int, list[int]] = defaultdict(list)
        self._devices: dict[int, set[int]] = defaultdict(set)

    def judge(
        self, *, shopper: int, time: int, total: int, location: int, device: int, created: int
    ) -> set[str]:
        recent = self._orders[shopper]
        while recent and recent[0][0] <= time - HOUR:
            recent.popleft()
        last = [amount for at, amount, _ in recent if at > time - 10 * MINUTE] + [total]
        spent = self._spent[shopper]
        self._devices[device].add(shopper)
        tripped = {
            "amount": total > 100_000,
            "location": location >= len(COUNTRIES),
            "velocity": len(last) >= 5,
            "card_testing": sum(amount <= 500 for amount in last) >= 3,
            "spike": len(spent) >= 3 and total > max(25_000, 4 * sum(spent) / len(spent)),
            "jump": any(
                where != location and max(where, location) < len(COUNTRIES)
                for _, _, where in recent
            ),
            "shared_device": len(self._devices[device]) >= 4,
            "young_account": total > 10_000 and time - created <= HOUR,
        }
        recent.append((time, total, location))
        spent.append(total)
        return {name for name, does in tripped.items() if does}


@pytest.fixture(scope="module")
def judged() -> list[Judged]:
    timeline, rules, found = Timeline(A_DAY), Rules(), []
    guests = timeline.shoppers.guest
    for batch in timeline.batches():
        orders = batch.orders
        for row in orders.due.argsort(kind="stable").tolist():
            if orders.cancelled[row] or guests[orders.shopper[row]]:
                continue
            trips = rules.judge(
                shopper=int(orders.shopper[row]),
                time=int(orders.time[row]),
                total=int(batch.totals[row]),
                location=int(orders.location[row]),
                device=int(orders.device[row]),
                created=int(orders.created[row]),
            )
            found.append(Judged(int(orders.scenario[row]), int(orders.incident[row]), trips))
        if len(found) >= ORDERS:
            return found
    raise AssertionError("a timeline never ends")


def fraud_of(judged: list[Judged]) -> list[Judged]:
    return [order for order in judged if order.incident]


def test_fraud_is_rare_and_of_every_kind(judged: list[Judged]) -> None:
    fraud = fraud_of(judged)
    assert 0.005 < len(fraud) / len(judged) <= 0.02
    kinds = {SCENARIOS[order.scenario - 1].name for order in fraud}
    assert kinds == {scenario.name for scenario in SCENARIOS if scenario.fraud}


def test_the_shares_of_fraud_stay_below_two_per_cent() -> None:
    assert sum(scenario.share for scenario in SCENARIOS if scenario.fraud) <= 0.015


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_finds_fraud_and_misses_a_third_of_it(judged: list[Judged], rule: str) -> None:
    fraud = fraud_of(judged)
    tripped = sum(rule in order.trips for order in fraud)
    assert 0 < tripped <= 0.7 * len(fraud)


@pytest.mark.parametrize("rule", RULES)
def test_honest_orders_trip_each_rule_alone(judged: list[Judged], rule: str) -> None:
    assert any(order.trips == {rule} for order in judged if not order.incident)


def test_some_fraud_trips_no_rule_and_most_trips_one(judged: list[Judged]) -> None:
    fraud = fraud_of(judged)
    unseen = Counter(SCENARIOS[order.scenario - 1].name for order in fraud if not order.trips)
    assert unseen["quiet"] > 0
    incidents = {order.incident for order in fraud}
    seen = {order.incident for order in fraud if order.trips}
    assert 0.7 < len(seen) / len(incidents) < 0.98


def test_honest_orders_seldom_trip_a_rule(judged: list[Judged]) -> None:
    honest = [order for order in judged if not order.incident]
    assert sum(bool(order.trips) for order in honest) / len(honest) < 0.01


def test_labels_name_orders_that_were_sent(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    shop = replace(A_DAY, shares=replace(A_DAY.shares, malformed=0.3, future=0.1, duplicates=0.1))
    sent = send(shop, events=30_000, block=8_192, labels=path, now=START + HOUR)
    with path.open(newline="") as lines:
        labels = list(csv.DictReader(lines))
    assert labels and tuple(labels[0]) == LABEL_COLUMNS
    orders = {order.event_id: order for order in sent.orders()}
    names = {scenario.name for scenario in SCENARIOS if scenario.fraud}
    for label in labels:
        # Malformed and future-dated events are never fraud: what is labelled arrives.
        order = orders[label["event_id"]]
        assert isinstance(order, Order)
        assert label["order_id"] == order.order_id
        assert int(label["sequence"]) == order.source.sequence
        assert int(label["event_time"]) == order.event_time
        assert label["scenario"] in names
    assert len(labels) == sent.sender.progress.fraud_orders
    assert len({label["event_id"] for label in labels}) == len(labels)
    assert all(int(a["sequence"]) < int(b["sequence"]) for a, b in pairwise(labels))
    for _, key, value in sent.outlet.sent:
        for name in names:
            assert name.encode() not in value + key

"""The kinds of fraud rules, and what their alerts suspect.

Every rule is monotone: an order that comes late may add an alert and never takes one back, so the
alerts of a set of orders depend neither on arrival nor on how batches are cut.

Rules judge orders that were placed, but not those of the canary; each event counts once. Amounts
are in minor units. "Within N minutes" is the closed interval of event time, N minutes long, that
ends at the order judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from contracts.events import Severity
from contracts.times import MINUTE_US

MINUTES_PER_DAY = 24 * 60


@dataclass(frozen=True)
class AmountAbove:
    """Alerts when an order's total is greater than its currency's threshold.

    A total equal to the threshold, or in a currency without one, raises nothing.
    """

    name: str
    version: int
    severity: Severity
    thresholds: Mapping[str, int]


@dataclass(frozen=True)
class LocationIn:
    """Alerts when an order's location is one of `locations`, compared exactly."""

    name: str
    version: int
    severity: Severity
    locations: tuple[str, ...]


@dataclass(frozen=True)
class YoungAccount:
    """Alerts when an order is placed 0 to `minutes` minutes after its account was created, and its
    total is greater than its currency's threshold."""

    name: str
    version: int
    severity: Severity
    minutes: int
    thresholds: Mapping[str, int]


@dataclass(frozen=True)
class OrdersWithin:
    """Alerts when a customer places at least `count` orders within `minutes`.

    With `at_most`, only orders count whose total is at most their currency's amount.
    """

    name: str
    version: int
    severity: Severity
    count: int
    minutes: int
    at_most: Mapping[str, int]
    suppress_minutes: int


@dataclass(frozen=True)
class LocationsWithin:
    """Alerts when a customer orders from two different locations within `minutes`; those in
    `unknown` tell nothing and do not count."""

    name: str
    version: int
    severity: Severity
    minutes: int
    unknown: tuple[str, ...]
    suppress_minutes: int


@dataclass(frozen=True)
class CustomersWithin:
    """Alerts when at least `count` different customers order on one device within `minutes`."""

    name: str
    version: int
    severity: Severity
    count: int
    minutes: int
    suppress_minutes: int


@dataclass(frozen=True)
class AmountAgainstHistory:
    """Alerts when an order's total reaches its currency's floor, and is at least `times` as much as
    each of at least `orders` earlier ones by its customer in its currency.

    Earlier is before the order by event time, and no more than `days` times 24 hours before.
    """

    name: str
    version: int
    severity: Severity
    times: int
    orders: int
    days: int
    floors: Mapping[str, int]
    suppress_minutes: int


# A rule of one order: its subject is the order, and there is no window.
OrderRule: TypeAlias = AmountAbove | LocationIn | YoungAccount
# A rule of several orders: its subject is a customer or a device, with one alert per window.
WindowRule: TypeAlias = OrdersWithin | LocationsWithin | CustomersWithin | AmountAgainstHistory
Rule: TypeAlias = OrderRule | WindowRule


@dataclass(frozen=True)
class RulePack:
    """The rules in force, in the order of their file; rule names are unique."""

    name: str
    version: int
    rules: tuple[Rule, ...]

    @property
    def order_rules(self) -> tuple[OrderRule, ...]:
        return tuple(rule for rule in self.rules if isinstance(rule, OrderRule))

    @property
    def window_rules(self) -> tuple[WindowRule, ...]:
        return tuple(rule for rule in self.rules if isinstance(rule, WindowRule))


def subject_of(event_id: str) -> str:
    """What an alert about one order suspects."""
    return f"order:{event_id}"


def subject_of_customer(token: str) -> str:
    """What an alert about one customer's orders suspects."""
    return f"customer:{token}"


def subject_of_device(token: str) -> str:
    """What an alert about the orders on one device suspects."""
    return f"device:{token}"


def window_start(event_time: int, suppress_minutes: int) -> int:
    """The start of the suppression window that an event time is in; both in microseconds UTC.

    Windows are multiples of their length since 1970-01-01T00:00Z.
    """
    return event_time - event_time % (suppress_minutes * MINUTE_US)


def called_fraud(covering: Iterable[Rule]) -> bool:
    """Whether an order is called fraud: a rule whose alert covers it is high, or two rules do.

    An alert covers the orders that its rule counted for a trigger in its window; one of a rule of
    one order, or of a customer's history, covers the order that raised it.
    """
    rules = {rule.name: rule for rule in covering}
    return len(rules) > 1 or any(rule.severity == "high" for rule in rules.values())

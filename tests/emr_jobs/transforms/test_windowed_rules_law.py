"""The law: orders that arrive in any order, cut into any batches, raise the alerts that one look at
all of them gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from contracts.events import alert_id
from contracts.rule_packs import (
    AmountAgainstHistory,
    CustomersWithin,
    LocationsWithin,
    OrdersWithin,
    WindowRule,
    subject_of_customer,
    subject_of_device,
    window_start,
)
from tests.emr_jobs.order_table import DAY, MINUTE, Bought, order_table

pytestmark = pytest.mark.e2e

RULES: tuple[WindowRule, ...] = (
    OrdersWithin("velocity", 1, "medium", 3, 10, {}, 20),
    OrdersWithin("card_testing", 1, "high", 2, 10, {"GBP": 500, "EUR": 400}, 30),
    LocationsWithin("location_jump", 1, "medium", 15, ("Unknown",), 20),
    CustomersWithin("shared_device", 2, "medium", 3, 20, 10),
    AmountAgainstHistory("amount_spike", 1, "high", 4, 2, 1, {"GBP": 2_000}, 20),
)
# Multiples of five minutes, so that windows end at orders, and a little beside them.
_TIMES = st.builds(
    lambda fives, beside, days: fives * 5 * MINUTE + beside - days * DAY,
    st.integers(0, 9),
    st.sampled_from([0, 0, 0, -1, 1]),
    st.sampled_from([0, 0, 0, 0, 1]),
)


@st.composite
def _batches(draw: st.DrawFn) -> list[list[Bought]]:
    """A shop's orders as they arrive, some of them twice."""
    orders = [
        Bought(
            number,
            at=draw(_TIMES),
            kind=draw(st.sampled_from(["placed"] * 6 + ["cancelled"])),
            canary=draw(st.sampled_from([False] * 6 + [True])),
            customer_id=draw(st.sampled_from(["a", "a", "b", "c", None])),
            device_id=draw(st.sampled_from(["d", "d", "e", None])),
            total=draw(st.sampled_from([400, 401, 500, 501, 2_000, 8_000])),
            currency=draw(st.sampled_from(["GBP", "GBP", "EUR"])),
            location=draw(st.sampled_from(["Spain", "Spain", "Italy", "Unknown"])),
        )
        for number in range(draw(st.integers(2, 14)))
    ]
    arriving = draw(st.permutations(orders))
    cuts = sorted(draw(st.lists(st.integers(0, len(orders)), max_size=4)))
    again = draw(st.lists(st.sampled_from(orders), max_size=2, unique=True))
    edges = zip([0, *cuts], [*cuts, len(orders)], strict=True)
    batches = [list(arriving[start:end]) for start, end in edges]
    return [batch for batch in [*batches, again] if batch]


# An afternoon that every rule suspects: three orders of one customer from two places within ten
# minutes, the last of them far above the others, and three customers on one device.
_EVERY_RULE = [
    [
        Bought(0, at=0, customer_id="a", device_id="d", total=400, location="Spain"),
        Bought(1, at=5 * MINUTE, customer_id="a", device_id="d", total=400, location="Italy"),
    ],
    [
        Bought(2, at=10 * MINUTE, customer_id="a", device_id="d", total=8_000, location="Spain"),
        Bought(3, at=10 * MINUTE, customer_id="b", device_id="d", total=400, location="Spain"),
        Bought(4, at=10 * MINUTE, customer_id="c", device_id="d", total=400, location="Spain"),
    ],
]


def identities(orders: Sequence[Bought]) -> set[str]:
    """The alerts of all orders, by the words of the rules alone."""
    judged = [order for order in orders if order.kind == "placed" and not order.canary]
    return {
        alert_id(
            rule.name, rule.version, subject, window_start(order.event_time, rule.suppress_minutes)
        )
        for rule in RULES
        for order in judged
        for subject in _suspected(rule, order, judged)
    }


def _suspected(rule: WindowRule, order: Bought, judged: Sequence[Bought]) -> Iterator[str]:
    """The subject that the rule suspects when the order is the last to look at."""
    if order.customer_id is None:
        return
    customers = [each for each in judged if each.customer_id == order.customer_id]
    match rule:
        case OrdersWithin():
            counted = [o for o in _near(rule.minutes, order, customers) if _counts(rule, o)]
            found = order in counted and len(counted) >= rule.count
        case LocationsWithin():
            places = {o.location for o in _near(rule.minutes, order, customers)}
            places -= set(rule.unknown)
            found = order.location in places and len(places) > 1
        case CustomersWithin():
            on_it = [o for o in judged if o.device_id == order.device_id and o.customer_id]
            people = {o.customer_id for o in _near(rule.minutes, order, on_it)}
            if order.device_id is not None and len(people) >= rule.count:
                yield subject_of_device(order.device_id)
            return
        case AmountAgainstHistory():
            floor = rule.floors.get(order.currency)
            earlier = [
                o
                for o in customers
                if o.currency == order.currency
                and order.at - rule.days * DAY <= o.at < order.at
                and o.total * rule.times <= order.total
            ]
            found = floor is not None and order.total >= floor and len(earlier) >= rule.orders
    if found:
        yield subject_of_customer(order.customer_id)


def _near(minutes: int, order: Bought, orders: Sequence[Bought]) -> list[Bought]:
    return [each for each in orders if order.at - minutes * MINUTE <= each.at <= order.at]


def _counts(rule: OrdersWithin, order: Bought) -> bool:
    return not rule.at_most or order.total <= rule.at_most.get(order.currency, -1)


def test_any_arrival_gives_the_same_alerts(module_postgres: str) -> None:
    seen: set[str] = set()

    @settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(_batches())
    @example(_EVERY_RULE)
    def law(batches: list[list[Bought]]) -> None:
        with order_table(module_postgres, *RULES) as table:
            new = sum(table.apply(batch) for batch in batches)
            alerts = table.alerts()
        distinct = {order.number: order for batch in batches for order in batch}
        assert {str(row["alert_id"]) for row in alerts} == identities(list(distinct.values()))
        assert new == len(alerts)
        seen.update(row["rule"] for row in alerts)

    law()
    assert seen == {rule.name for rule in RULES}

"""What each rule of several orders finds, boundary by boundary, in a real Postgres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from contracts.rule_packs import (
    AmountAgainstHistory,
    CustomersWithin,
    LocationsWithin,
    OrdersWithin,
    WindowRule,
)
from tests.emr_jobs.order_table import DAY, HOUR, MINUTE, NINE, Bought, micros, order_table

pytestmark = pytest.mark.e2e

A, B, DEVICE = "customer:a", "customer:b", "device:d"
THREE = OrdersWithin("three", 1, "medium", 3, 10, {}, 60)
SMALL = OrdersWithin("small", 1, "high", 3, 10, {"GBP": 500}, 60)
ONE = OrdersWithin("one", 1, "low", 1, 10, {"GBP": 500}, 60)
JUMP = LocationsWithin("jump", 1, "low", 60, ("Unknown",), 60)
SHARED = CustomersWithin("shared", 1, "medium", 3, 60, 60)
ANYONE = CustomersWithin("anyone", 1, "medium", 1, 60, 60)
SPIKE = AmountAgainstHistory("spike", 1, "high", 4, 2, 30, {"GBP": 25_000}, 60)

Told = list[tuple[str, int]]


def bought(*orders: dict[str, Any]) -> list[Bought]:
    return [Bought(number, **order) for number, order in enumerate(orders)]


def at_each(*times: int, **changes: Any) -> list[Bought]:
    return bought(*({"at": at} | changes for at in times))


def by_each(*customers: str | None, gap: int = MINUTE) -> list[Bought]:
    return bought(*({"at": index * gap, "customer_id": one} for index, one in enumerate(customers)))


def from_each(*locations: str, gap: int = MINUTE, **changes: Any) -> list[Bought]:
    placed = enumerate(locations)
    return bought(*({"at": n * gap, "location": one} | changes for n, one in placed))


def spike(*before: dict[str, Any], total: int = 40_000, **changes: Any) -> list[Bought]:
    """Orders of ten pounds, and a last one at nine that may be too much."""
    return bought(*before, {"total": total} | changes)


def small(at: int = -HOUR, **changes: Any) -> dict[str, Any]:
    return {"at": at, "total": 10_000} | changes


CASES = [
    ("three within ten minutes", THREE, at_each(0, 5 * MINUTE, 10 * MINUTE), [(A, 0)]),
    ("the third a microsecond late", THREE, at_each(0, MINUTE, 10 * MINUTE + 1), []),
    ("one less", THREE, at_each(0, MINUTE), []),
    ("three at one moment", THREE, at_each(0, 0, 0), [(A, 0)]),
    ("of two customers", THREE, by_each("a", "b", "a"), []),
    ("guests", THREE, at_each(0, 0, 0, customer_id=None), []),
    ("the canary's", THREE, at_each(0, 0, 0, canary=True), []),
    ("cancelled", THREE, at_each(0, 0, 0, kind="cancelled"), []),
    ("adjusted", THREE, at_each(0, 0, 0, kind="adjustment"), []),
    ("told once a window", THREE, at_each(*(n * MINUTE for n in range(9))), [(A, 0)]),
    (
        "told again in the next window",
        THREE,
        at_each(*(50 * MINUTE + n * 4 * MINUTE for n in range(5))),
        [(A, 0), (A, 1)],
    ),
    (
        "the window is the last order's",
        THREE,
        at_each(HOUR - 2, HOUR - 1, HOUR),
        [(A, 1)],
    ),
    ("small ones", SMALL, at_each(0, 0, 0, total=500), [(A, 0)]),
    ("a penny too large", SMALL, at_each(0, 0, 0, total=501), []),
    (
        "one of them too large",
        SMALL,
        bought({"total": 500}, {"total": 501}, {"total": 500}),
        [],
    ),
    ("a currency without an amount", SMALL, at_each(0, 0, 0, total=1, currency="EUR"), []),
    ("one small order", ONE, at_each(0, total=500), [(A, 0)]),
    ("two places", JUMP, from_each("Spain", "France"), [(A, 0)]),
    ("one place", JUMP, from_each("Spain", "Spain"), []),
    ("places compare exactly", JUMP, from_each("Spain", "spain"), [(A, 0)]),
    ("two places an hour apart", JUMP, from_each("Spain", "France", gap=HOUR), [(A, 1)]),
    ("and a microsecond", JUMP, from_each("Spain", "France", gap=HOUR + 1), []),
    ("a place unknown", JUMP, from_each("Spain", "Unknown"), []),
    ("unknown places between", JUMP, from_each("Spain", "Unknown", "France"), [(A, 0)]),
    ("two places of guests", JUMP, from_each("Spain", "France", customer_id=None), []),
    ("two places, one cancelled", JUMP, bought({"kind": "cancelled"}, {"location": "Italy"}), []),
    ("three on a device", SHARED, by_each("a", "b", "c"), [(DEVICE, 0)]),
    ("two on a device", SHARED, by_each("a", "b", "a", "b"), []),
    ("three, and others between", SHARED, by_each("a", "a", "b", "a", "b", "c"), [(DEVICE, 0)]),
    ("three at one moment", SHARED, by_each("a", "b", "c", "a", gap=0), [(DEVICE, 0)]),
    ("the first an hour before", SHARED, by_each("a", "b", "c", gap=30 * MINUTE), [(DEVICE, 1)]),
    ("and a microsecond", SHARED, by_each("a", "b", "c", gap=30 * MINUTE + 1), []),
    (
        "the first came back",
        SHARED,
        by_each("a", "b", "a", "c", gap=30 * MINUTE),
        [(DEVICE, 1)],
    ),
    ("a guest on the device", SHARED, by_each("a", None, "c"), []),
    ("no device", SHARED, [replace(o, device_id=None) for o in by_each("a", "b", "c")], []),
    ("one on a device", ANYONE, by_each("a"), [(DEVICE, 0)]),
    ("four times two others", SPIKE, spike(small(), small()), [(A, 0)]),
    ("a penny less", SPIKE, spike(small(), small(), total=39_999), []),
    ("one other", SPIKE, spike(small()), []),
    ("one of them is larger", SPIKE, spike(small(), small(total=10_001)), []),
    ("a larger one beside them", SPIKE, spike(small(), small(), small(total=90_000)), [(A, 0)]),
    ("the floor", SPIKE, spike(small(total=1), small(total=1), total=25_000), [(A, 0)]),
    ("below the floor", SPIKE, spike(small(total=1), small(total=1), total=24_999), []),
    (
        "a currency without a floor",
        SPIKE,
        spike(small(currency="EUR"), small(currency="EUR"), currency="EUR"),
        [],
    ),
    ("others in another currency", SPIKE, spike(small(), small(currency="EUR")), []),
    ("others thirty days before", SPIKE, spike(small(-30 * DAY), small(-30 * DAY)), [(A, 0)]),
    ("and a microsecond", SPIKE, spike(small(-30 * DAY - 1), small()), []),
    ("others at the same moment", SPIKE, spike(small(0), small(0)), []),
    ("others a microsecond before", SPIKE, spike(small(-1), small(-1)), [(A, 0)]),
    ("others cancelled", SPIKE, spike(small(), small(kind="cancelled")), []),
    ("others the canary's", SPIKE, spike(small(), small(canary=True)), []),
    ("itself cancelled", SPIKE, spike(small(), small(), kind="cancelled"), []),
    ("others of another customer", SPIKE, spike(small(), small(customer_id="b")), []),
]


@pytest.mark.parametrize(
    ("rule", "orders", "told"),
    [pytest.param(*case, id=f"{case[0].name}: {name}") for name, *case in CASES],
)
def test_a_rule(module_postgres: str, rule: WindowRule, orders: list[Bought], told: Told) -> None:
    with order_table(module_postgres, rule) as table:
        assert table.apply(orders) == len(told)
        assert table.told() == told


def test_rules_of_one_subject_look_back_as_far_as_each_says(module_postgres: str) -> None:
    orders = at_each(0, 20 * MINUTE, 40 * MINUTE)
    with order_table(module_postgres, THREE, JUMP, SHARED, SPIKE, SMALL) as table:
        table.apply(orders)
        assert table.told() == []
        table.apply([Bought(9, 21 * MINUTE, location="France"), Bought(10, 22 * MINUTE)])
        assert [row["rule"] for row in table.alerts()] == ["jump", "three"]


LATE: list[tuple[str, WindowRule, Sequence[Bought], Bought, Told]] = [
    ("completes one that is there", THREE, at_each(0, 10 * MINUTE), Bought(9, 5), [(A, 0)]),
    ("is before the others", THREE, at_each(MINUTE, 2 * MINUTE), Bought(9, 0), [(A, 0)]),
    ("is too long before them", THREE, at_each(MINUTE, 2 * MINUTE), Bought(9, -9 * MINUTE), []),
    ("is elsewhere", JUMP, at_each(0), Bought(9, -HOUR, location="Italy"), [(A, 0)]),
    ("is elsewhere, too long ago", JUMP, at_each(0), Bought(9, -HOUR - 1, location="Italy"), []),
    ("is another's", SHARED, by_each("a", "b"), Bought(9, -1, customer_id="c"), [(DEVICE, 0)]),
    (
        "is history",
        SPIKE,
        spike(small()),
        Bought(9, -30 * DAY, total=10_000),
        [(A, 0)],
    ),
    ("is too old for history", SPIKE, spike(small()), Bought(9, -30 * DAY - 1, total=1), []),
    ("is no history", SPIKE, spike(small()), Bought(9, 0, total=1), []),
    ("adds to what was told", THREE, at_each(0, 1, 2), Bought(9, -1), [(A, 0)]),
    ("completes a window before", THREE, at_each(-2, -1, 0), Bought(9, -3), [(A, -1), (A, 0)]),
]


@pytest.mark.parametrize(
    ("rule", "before", "late", "told"),
    [pytest.param(*case, id=f"{case[0].name}: {name}") for name, *case in LATE],
)
def test_an_order_that_comes_late(
    module_postgres: str, rule: WindowRule, before: Sequence[Bought], late: Bought, told: Told
) -> None:
    with order_table(module_postgres, rule) as table:
        table.apply(before)
        table.apply([late])
        assert table.told() == told


def test_a_new_version_of_a_rule_tells_anew(module_postgres: str) -> None:
    with order_table(module_postgres, THREE) as table:
        table.apply(at_each(0, 1, 2))
    with order_table(module_postgres, replace(THREE, version=2)) as table:
        table.apply(at_each(0, 1, 2))
        assert [row["rule_version"] for row in table.alerts()] == [2]


SHOWN = {"order_id": "o-2", "amount": "10.00", "currency": "GBP", "location": "Spain"}


@pytest.mark.parametrize(
    ("rule", "orders", "shown"),
    [
        pytest.param(THREE, at_each(0, 1, 2), {"count": "3", "minutes": "10"}, id="count"),
        pytest.param(
            JUMP,
            from_each("France", "France", "Spain"),
            {"locations": "France, Spain", "minutes": "60"},
            id="locations",
        ),
        pytest.param(
            SHARED, by_each("a", "b", "c"), {"customers": "3", "minutes": "60"}, id="customers"
        ),
        pytest.param(
            SPIKE,
            spike(small(-1), small(-1, total=5)),
            {
                "amount": "400.00",
                "earlier_orders": "2",
                "largest_earlier": "100.00",
                "times": "4",
                "days": "30",
            },
            id="history",
        ),
    ],
)
def test_an_alert_tells_where_it_comes_from(
    module_postgres: str, rule: WindowRule, orders: list[Bought], shown: dict[str, str]
) -> None:
    last = replace(orders[-1], region="its own")
    with order_table(module_postgres, rule) as table:
        table.apply([*orders[:-1], last])
        (alert,) = table.alerts()
    assert alert["evidence"] == SHOWN | shown
    assert (alert["rule"], alert["severity"], alert["region"]) == (
        rule.name,
        rule.severity,
        "its own",
    )
    assert micros(alert["event_time"]) == last.event_time


def test_it_is_as_new_as_the_last_order_that_counts(module_postgres: str) -> None:
    """By append time: from there on its latency is measured."""
    with order_table(module_postgres, THREE) as table:
        table.apply([Bought(1, 2), Bought(2, 1), Bought(7, 0), Bought(8, 3)])
        (alert,) = table.alerts()
    assert micros(alert["event_time"]) == NINE + 2
    assert micros(alert["append_time"]) == NINE + 7_000_000

"""What each kind of rule finds in a set of orders, boundary by boundary."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.events import alert_id
from contracts.tables.questions.fraud_alerts import ANSWER as FRAUD_ALERTS
from proof.checks import parse
from proof.comparing import derived_relation
from proof.judging import derive
from proof.questions.fraud_alerts import script
from proof.relations import connect, prepare
from readers.filling import fill

MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
# 2026-03-02T09:00:00Z: the beginning of an hour.
NINE = 1_772_442_000_000_000
COLUMNS = (
    "event_id VARCHAR, event_us BIGINT, region VARCHAR, kind VARCHAR, canary BOOLEAN, "
    "customer_id VARCHAR, device_id VARCHAR, account_us BIGINT, total_minor BIGINT, "
    "currency VARCHAR, location VARCHAR"
)
A, B = "customer:a", "customer:b"
DEVICE = "device:d"

YOUNG = {"kind": "young_account", "minutes": 60, "thresholds": {"GBP": "100.00"}}
THREE = {"kind": "orders_within", "count": 3, "minutes": 10, "suppress_minutes": 60}
SMALL = THREE | {"at_most": {"GBP": "5.00"}}
JUMP = {
    "kind": "locations_within",
    "minutes": 60,
    "unknown": ["Unknown"],
    "suppress_minutes": 60,
}
SHARED = {"kind": "customers_within", "count": 3, "minutes": 60, "suppress_minutes": 60}
SPIKE = {
    "kind": "amount_against_history",
    "times": 4,
    "orders": 2,
    "days": 30,
    "floors": {"GBP": "250.00"},
    "suppress_minutes": 60,
}

Order = dict[str, Any]


def order(at: int = 0, **changes: Any) -> Order:
    return {
        "at": at,
        "kind": "placed",
        "canary": False,
        "customer": "a",
        "device": "d",
        "created": None,
        "total": 1_000,
        "currency": "GBP",
        "location": "Spain",
    } | changes


def at_each(*times: int, **changes: Any) -> list[Order]:
    return [order(at, **changes) for at in times]


def by_each(*customers: str | None, gap: int = MINUTE) -> list[Order]:
    return [order(index * gap, customer=one) for index, one in enumerate(customers)]


def young(age: int | None, total: int = 10_001, **changes: Any) -> list[Order]:
    created = None if age is None else NINE - age
    return [order(total=total, created=created, **changes)]


def spike(*before: Order, total: int = 40_000) -> list[Order]:
    return [*before, order(total=total)]


# What the rules of every kind have.
NAMED = {"name": "tried", "version": 1, "severity": "low"}
# The alerts are (subject, hour of the window from nine, None for an alert of one order).
Found = list[tuple[str, int | None]]
CASES: dict[str, tuple[Order, list[Order], Found]] = {
    "young: above the threshold": (YOUNG, young(5 * MINUTE), [("order:0", None)]),
    "young: exactly the threshold": (YOUNG, young(5 * MINUTE, total=10_000), []),
    "young: at the very moment": (YOUNG, young(0), [("order:0", None)]),
    "young: before the account was made": (YOUNG, young(-1), []),
    "young: exactly as old": (YOUNG, young(HOUR), [("order:0", None)]),
    "young: a microsecond older": (YOUNG, young(HOUR + 1), []),
    "young: no account": (YOUNG, young(None), []),
    "young: currency without a threshold": (YOUNG, young(0, currency="EUR"), []),
    "young: cancelled": (YOUNG, young(0, kind="cancelled"), []),
    "young: canary": (YOUNG, young(0, canary=True), []),
    "within: exactly the minutes": (THREE, at_each(0, 1, 10 * MINUTE), [(A, 0)]),
    "within: a microsecond more": (THREE, at_each(0, 1, 10 * MINUTE + 1), []),
    "within: one too few": (THREE, at_each(0, 1), []),
    "within: all at one moment": (THREE, at_each(0, 0, 0), [(A, 0)]),
    "within: told once an hour": (THREE, at_each(0, 1, 2, 3, 4), [(A, 0)]),
    "within: told again in the next": (
        THREE,
        at_each(HOUR - 2, HOUR - 1, HOUR - 1, HOUR),
        [(A, 0), (A, 1)],
    ),
    "within: window of the order that completes": (
        THREE,
        at_each(HOUR - 2, HOUR - 1, HOUR),
        [(A, 1)],
    ),
    "within: of two customers": (THREE, by_each("a", "b", "a"), []),
    "within: guests": (THREE, at_each(0, 1, 2, customer=None), []),
    "within: one is the canary's": (THREE, [*at_each(0, 1), order(2, canary=True)], []),
    "within: one is cancelled": (THREE, [*at_each(0, 1), order(2, kind="cancelled")], []),
    "within: any currency": (THREE, [*at_each(0, 1), order(2, currency="JPY")], [(A, 0)]),
    "small: each at the limit": (SMALL, at_each(0, 1, 2, total=500), [(A, 0)]),
    "small: one above": (SMALL, [*at_each(0, 1, total=500), order(2, total=501)], []),
    "small: a large one between": (
        SMALL,
        [*at_each(0, 1, 3, total=500), order(2, total=9_000)],
        [(A, 0)],
    ),
    "small: currency without a limit": (
        SMALL,
        at_each(0, 1, 2, total=1, currency="EUR"),
        [],
    ),
    "jump: two places": (JUMP, [order(), order(HOUR, location="Peru")], [(A, 1)]),
    "jump: a microsecond later": (JUMP, [order(), order(HOUR + 1, location="Peru")], []),
    "jump: at one moment": (JUMP, [order(), order(location="Peru")], [(A, 0)]),
    "jump: to an unknown place": (JUMP, [order(), order(1, location="Unknown")], []),
    "jump: an unknown place between": (
        JUMP,
        [order(), order(1, location="Unknown"), order(2, location="Peru")],
        [(A, 0)],
    ),
    "jump: the same place": (JUMP, at_each(0, 1), []),
    "jump: another customer": (JUMP, [order(), order(1, customer="b", location="Peru")], []),
    "shared: so many customers": (SHARED, by_each("a", "b", "c"), [(DEVICE, 0)]),
    "shared: one of them twice": (SHARED, by_each("a", "b", "a"), []),
    "shared: a guest is no customer": (SHARED, by_each("a", "b", None), []),
    "shared: exactly the minutes": (SHARED, by_each("a", "b", "c", gap=HOUR // 2), [(DEVICE, 1)]),
    "shared: a microsecond more": (SHARED, by_each("a", "b", "c", gap=HOUR // 2 + 1), []),
    "shared: no device": (SHARED, [one | {"device": None} for one in by_each("a", "b", "c")], []),
    "spike: exactly the times": (SPIKE, spike(*at_each(-2, -1, total=10_000)), [(A, 0)]),
    "spike: one order was larger": (
        SPIKE,
        spike(order(-2, total=10_000), order(-1, total=10_001)),
        [],
    ),
    "spike: larger ones do not matter": (
        SPIKE,
        spike(*at_each(-4, -3, total=90_000), *at_each(-2, -1, total=10_000)),
        [(A, 0)],
    ),
    "spike: too short a history": (SPIKE, spike(order(-1)), []),
    "spike: the history is strictly before": (SPIKE, spike(*at_each(-1, 0)), []),
    "spike: exactly the days": (SPIKE, spike(*at_each(-30 * DAY, -1)), [(A, 0)]),
    "spike: a microsecond older": (SPIKE, spike(*at_each(-30 * DAY - 1, -1)), []),
    "spike: in another currency": (SPIKE, spike(*at_each(-2, -1, currency="EUR")), []),
    "spike: exactly the floor": (SPIKE, spike(*at_each(-2, -1), total=25_000), [(A, 0)]),
    "spike: below the floor": (SPIKE, spike(*at_each(-2, -1), total=24_999), []),
    "spike: another customer's history": (SPIKE, spike(*at_each(-2, -1, customer="b")), []),
}


@pytest.mark.parametrize("name", CASES)
def test_a_rule_finds(name: str) -> None:
    rule, orders, expected = CASES[name]
    rule = rule | NAMED
    connection = connect()
    prepare(connection)
    connection.execute(f"CREATE TABLE tried ({COLUMNS})")
    connection.execute("CREATE OR REPLACE VIEW orders AS FROM tried")
    rows = [
        (
            *(str(number), NINE + one["at"], "Europe", one["kind"], one["canary"]),
            *(one["customer"], one["device"], one["created"]),
            *(one["total"], one["currency"], one["location"]),
        )
        for number, one in enumerate(orders)
    ]
    fill(connection, "tried", rows)
    derive(connection, FRAUD_ALERTS, parse(script([rule])))
    found = connection.execute(
        f"SELECT alert_id, subject, epoch_us(window_start) FROM {derived_relation(FRAUD_ALERTS)}"
    ).fetchall()
    windows = [
        (subject, None if hour is None else NINE + hour * HOUR) for subject, hour in expected
    ]
    assert sorted(found, key=str) == sorted(
        ((alert_id("tried", 1, *one), *one) for one in windows), key=str
    )


def test_a_kind_that_nobody_recomputes_is_refused() -> None:
    with pytest.raises(ValueError, match="rules of kind 'whim'"):
        script([NAMED | {"kind": "whim"}])

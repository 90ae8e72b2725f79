"""Which orders an alert covers, since when, and which of them are called fraud."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ops.commands.fraud.coverage import cover, open_database
from readers.filling import fill
from tests.proof.alerts.test_rules import COLUMNS, NINE

MINUTE = 60_000_000
HURRY = {
    "name": "hurry",
    "version": 1,
    "kind": "orders_within",
    "severity": "low",
    "count": 3,
    "minutes": 10,
    "suppress_minutes": 60,
}
LARGE = {
    "name": "large",
    "version": 1,
    "kind": "amount_above",
    "severity": "high",
    "thresholds": {"GBP": "100.00"},
}
HISTORY = {
    "name": "history",
    "version": 1,
    "kind": "amount_against_history",
    "severity": "low",
    "times": 4,
    "orders": 2,
    "days": 1,
    "floors": {"GBP": "50.00"},
    "suppress_minutes": 60,
}


def covered(folder: Path, orders: list[tuple[float, int]], *rules: dict[str, Any]) -> Any:
    """For one customer's orders, given as (minute, total): which orders a rule covers and since
    which minute, which are called fraud, and the number of alerts by rule."""
    with open_database(folder) as connection:
        connection.execute(f"CREATE TABLE tried ({COLUMNS})")
        rows = [
            (
                *(str(number), NINE + int(minute * MINUTE), "Europe", "placed", False),
                *("a", "d", None, total, "GBP", "Spain"),
            )
            for number, (minute, total) in enumerate(orders)
        ]
        fill(connection, "tried", rows)
        alerts = cover(connection, "tried", list(rules))
        found = connection.execute(
            "SELECT rule, event_id::INTEGER, (alert_us - ?) / 6e7 FROM covered ORDER BY ALL", [NINE]
        ).fetchall()
        called = connection.execute("SELECT event_id::INTEGER FROM called ORDER BY 1").fetchall()
        return found, [number for (number,) in called], alerts


def at(*minutes: float) -> list[tuple[float, int]]:
    return [(minute, 100) for minute in minutes]


CASES: dict[str, tuple[list[tuple[float, int]], list[tuple[int, float]]]] = {
    "all that was counted, since the last of them": (at(0, 5, 10), [(0, 10), (1, 10), (2, 10)]),
    "an order that left the window is not covered": (
        at(0, 5, 10, 11),
        [(0, 10), (1, 10), (2, 10), (3, 10)],
    ),
    "an order before the window is not covered": (
        at(0, 8, 10.5, 11),
        [(1, 11), (2, 11), (3, 11)],
    ),
    "the next hour has an alert of its own": (
        at(50, 55, 59, 61),
        [(0, 59), (1, 59), (2, 59), (3, 61)],
    ),
    "two orders are no hurry": (at(0, 5), []),
}


@pytest.mark.parametrize("name", CASES)
def test_orders_within_covers(name: str, tmp_path: Path) -> None:
    orders, expected = CASES[name]
    found, called, _ = covered(tmp_path, orders, HURRY)
    assert found == [("hurry", *one) for one in expected]
    assert called == []


def test_a_rule_of_one_order_covers_it_alone(tmp_path: Path) -> None:
    found, called, alerts = covered(tmp_path, [(0, 100), (1, 20_000)], LARGE)
    assert (found, called, alerts) == ([("large", 1, 1.0)], [1], {"large": 1})


def test_a_rule_of_the_history_covers_the_large_order_alone(tmp_path: Path) -> None:
    found, _, alerts = covered(tmp_path, [(0, 100), (1, 100), (2, 9_000), (2, 100)], HISTORY)
    assert (found, alerts) == ([("history", 2, 2.0)], {"history": 1})


def test_orders_under_two_rules_are_called_fraud(tmp_path: Path) -> None:
    orders = [(0, 100), (1, 100), (2, 9_000), (30, 100)]
    _, called, _ = covered(tmp_path, orders, HURRY, HISTORY)
    assert called == [2]

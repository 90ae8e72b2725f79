"""Alerts of several orders leave with the transaction that stores them, each once."""

from __future__ import annotations

import pytest

from contracts.codec import decode
from contracts.events import Alert, alert_id, key_of
from contracts.rule_packs import CustomersWithin, OrdersWithin
from contracts.topics import ALERTS
from tests.emr_jobs.order_table import HOUR, NINE, REGISTRY, Bought, OrderTable, order_table

pytestmark = pytest.mark.e2e

THREE = OrdersWithin("three", 1, "medium", 3, 10, {}, 60)
SHARED = CustomersWithin("shared", 2, "high", 2, 60, 60)


def left(table: OrderTable) -> list[Alert]:
    """The messages in the outbox, as a reader of the topic gets them."""
    rows = table.connection.execute("SELECT topic, key, value FROM outbox ORDER BY sequence")
    alerts = []
    for topic, key, value in rows.fetchall():
        alert = decode(ALERTS, value, 0, REGISTRY)
        assert isinstance(alert, Alert)
        assert (topic, key) == (ALERTS.name, key_of(alert))
        alerts.append(alert)
    return alerts


def test_the_outbox_holds_each_new_alert_and_a_batch_that_is_shown_again_adds_none(
    postgres: str,
) -> None:
    first = [Bought(1, 0), Bought(2, 1)]
    second = [Bought(3, 2), Bought(4, 3, customer_id="b")]
    with order_table(postgres, THREE, SHARED) as table:
        assert [table.apply(first), left(table)] == [0, []]
        assert table.apply(second) == 2
        sent = left(table)
        assert [table.apply(second), table.apply([*first, *second])] == [0, 0]
        assert left(table) == sent
        assert table.apply([Bought(5, HOUR), Bought(6, HOUR, customer_id="b")]) == 1
        assert left(table)[:2] == sent
    assert {
        (alert.alert_id, alert.subject, alert.severity, alert.event_time) for alert in sent
    } == {
        (alert_id("three", 1, "customer:a", NINE), "customer:a", "medium", NINE + 2),
        (alert_id("shared", 2, "device:d", NINE), "device:d", "high", NINE + 3),
    }
    assert {alert.window_start for alert in sent} == {NINE}


def test_no_order_tells_nothing(postgres: str) -> None:
    with order_table(postgres, THREE, SHARED) as table:
        assert table.apply([]) == 0
        assert left(table) == []


def test_a_pack_without_such_rules_judges_nothing(postgres: str) -> None:
    with order_table(postgres) as table:
        assert table.apply([Bought(1), Bought(2), Bought(3)]) == 0
        assert table.alerts() == []

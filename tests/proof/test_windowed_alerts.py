"""L6 over alerts of windows: each is one that the rules give, of an order that completes it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contracts.events import alert_id
from proof.alerts.rules import default_rules
from proof.judging import judge
from tests.proof.shop.events import SECOND, START, micros, moment, order
from tests.proof.shop.records import REGISTRY, Row
from tests.proof.shop.stores import Shop

L6 = "fraud_alerts in Postgres equals what is derived from silver"
TOPIC = "the alerts topic holds the alerts in Postgres"
GOLD = "gold.fraud_alerts equals Postgres"
RULES = [
    *(rule for rule in default_rules() if rule["kind"] in ("amount_above", "location_in")),
    {
        "name": "hurry",
        "version": 3,
        "kind": "orders_within",
        "severity": "medium",
        "count": 3,
        "minutes": 5,
        "suppress_minutes": 60,
    },
]
SUBJECT = "customer:sub_c"
FIRST_COMPLETION, SECOND_COMPLETION = 120, 150


def alert(window_us: int, at_us: int) -> Row:
    return {
        "alert_id": alert_id("hurry", 3, SUBJECT, window_us),
        "rule": "hurry",
        "rule_version": 3,
        "subject": SUBJECT,
        "severity": "medium",
        "event_time": moment(at_us),
        "append_time": moment(at_us),
        "window_start": moment(window_us),
        "region": "Europe",
        "evidence": '{"total": "2", "z": "1"}',
        "changed_in": 1,
    }


def hurried(*, completed_after: int = FIRST_COMPLETION) -> Shop:
    """The usual shop and four quick orders, the last two of which complete one suspicion."""
    shop = Shop.usual()
    for number, after in enumerate((30, 60, FIRST_COMPLETION, SECOND_COMPLETION), start=20):
        lines = [("bags", 1, "3.00")]
        one = order(number, after=after, lines=lines, customer="sub_c", location="Spain")
        shop.append(0, one, after=500 + after)
    hour = micros(START)
    shop.windowed_alerts.append(alert(hour, hour + completed_after * SECOND))
    return shop


def red(shop: Shop, *statements: str) -> set[str]:
    connection = shop.open()
    for statement in statements:
        connection.execute(statement)
    report = judge(connection, REGISTRY, RULES)
    assert report.green == all(level.ok for level in report.levels)
    return {f"{level.name}: {c.name}" for level in report.levels for c in level.checks if not c.ok}


@pytest.mark.parametrize("after", [FIRST_COMPLETION, SECOND_COMPLETION])
def test_an_alert_of_any_order_that_completes_the_suspicion_is_green(after: int) -> None:
    assert red(hurried(completed_after=after)) == set()


EVERYWHERE = ("answers.alerts", "gold.fraud_alerts")
HURRY = "WHERE rule = 'hurry'"
MUTATIONS = {
    "a windowed alert is missing": (
        [f"DELETE FROM answers.alerts {HURRY}"],
        {L6, TOPIC, GOLD},
    ),
    "one is too many": (
        [
            f"INSERT INTO {table} SELECT * REPLACE ('11111111-2222-5333-8444-555555555555' AS "
            f"alert_id, 'customer:sub_b' AS subject) FROM {table} {HURRY}"
            for table in EVERYWHERE
        ],
        {L6, TOPIC},
    ),
    "one has another window": (
        [
            f"UPDATE {table} SET window_start = window_start + INTERVAL 1 HOUR {HURRY}"
            for table in EVERYWHERE
        ],
        {L6},
    ),
    "one has no window": (
        [f"UPDATE {table} SET window_start = NULL {HURRY}" for table in EVERYWHERE],
        {L6},
    ),
    "one has another severity": (
        [f"UPDATE {table} SET severity = 'high' {HURRY}" for table in EVERYWHERE],
        {L6},
    ),
    "one happened when its window had ended": (
        [
            f"UPDATE {table} SET event_time = window_start + INTERVAL 1 HOUR {HURRY}"
            for table in EVERYWHERE
        ],
        {L6},
    ),
    "one happened when no order completed it": (
        [
            f"UPDATE {table} SET event_time = event_time + INTERVAL 1 MICROSECOND {HURRY}"
            for table in EVERYWHERE
        ],
        {L6},
    ),
    "one has the region of no order that completes it": (
        [f"UPDATE {table} SET region = 'Asia' {HURRY}" for table in EVERYWHERE],
        {L6},
    ),
    "one happened before its window": (
        [
            f"UPDATE {table} SET event_time = window_start - INTERVAL 1 MICROSECOND {HURRY}"
            for table in EVERYWHERE
        ],
        {L6},
    ),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_windowed_alert_that_the_rules_do_not_give_is_red(name: str) -> None:
    statements, checks = MUTATIONS[name]
    assert red(hurried(), *statements) == {f"L6: {check}" for check in checks}


def test_an_alert_whose_id_is_of_another_window_is_one_missing_and_one_too_many() -> None:
    shop = hurried()
    later = micros(START) + int(timedelta(hours=1) / timedelta(microseconds=1))
    shop.windowed_alerts = [alert(later, later)]
    connection = shop.open()
    levels = {level.name: level for level in judge(connection, REGISTRY, RULES).levels}
    (check,) = (check for check in levels["L6"].checks if not check.ok)
    assert check.name == L6
    assert {(one.expected == "no row", one.actual == "no row") for one in check.samples} == {
        (True, False),
        (False, True),
    }

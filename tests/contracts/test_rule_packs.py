"""Rule packs: what a good one holds, and what is said about a bad one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contracts.events import NO_PLACE_RECORDED
from contracts.rule_packs import (
    AmountAbove,
    AmountAgainstHistory,
    CustomersWithin,
    LocationIn,
    LocationsWithin,
    OrdersWithin,
    Rule,
    RulePackError,
    YoungAccount,
    called_fraud,
    default_pack,
    load_pack,
    subject_of,
    subject_of_customer,
    subject_of_device,
    window_start,
)

AMOUNT = {
    "name": "amount",
    "kind": "amount_above",
    "version": 1,
    "severity": "high",
    "thresholds": {"GBP": "1000.00"},
}
LOCATION = {
    "name": "place",
    "kind": "location_in",
    "version": 2,
    "severity": "low",
    "locations": ["Unknown"],
}
YOUNG = {
    "name": "young",
    "kind": "young_account",
    "version": 1,
    "severity": "medium",
    "minutes": 60,
    "thresholds": {"GBP": "100.00"},
}
VELOCITY = {
    "name": "velocity",
    "kind": "orders_within",
    "version": 1,
    "severity": "medium",
    "count": 5,
    "minutes": 10,
    "suppress_minutes": 30,
}
JUMP = {
    "name": "jump",
    "kind": "locations_within",
    "version": 1,
    "severity": "low",
    "minutes": 60,
    "unknown": ["Unknown", "Unknown"],
    "suppress_minutes": 60,
}
SHARED = {
    "name": "shared",
    "kind": "customers_within",
    "version": 1,
    "severity": "high",
    "count": 4,
    "minutes": 1440,
    "suppress_minutes": 60,
}
SPIKE = {
    "name": "spike",
    "kind": "amount_against_history",
    "version": 1,
    "severity": "high",
    "times": 4,
    "orders": 3,
    "days": 30,
    "floors": {"GBP": "250.00"},
    "suppress_minutes": 60,
}


def pack(*rules: Any, **changes: Any) -> str:
    return json.dumps({"pack": "shop", "version": 3, "rules": list(rules)} | changes)


def test_the_default_pack() -> None:
    found = default_pack()
    assert (found.name, found.version) == ("default", 2)
    each = ("GBP", "USD", "EUR")
    hidden = ("Unspecified", "Unknown", "Anonymous Proxy")
    assert found.rules == (
        AmountAbove("amount", 1, "high", dict.fromkeys(each, 100_000)),
        LocationIn("suspicious_location", 1, "medium", hidden),
        YoungAccount("young_account", 1, "medium", 60, dict.fromkeys(each, 10_000)),
        OrdersWithin("velocity", 1, "medium", 5, 10, {}, 60),
        OrdersWithin("card_testing", 1, "high", 3, 10, dict.fromkeys(each, 500), 60),
        LocationsWithin("location_jump", 1, "medium", 60, (*hidden, NO_PLACE_RECORDED), 60),
        CustomersWithin("shared_device", 1, "medium", 4, 1440, 60),
        AmountAgainstHistory(
            "amount_spike", 1, "medium", 4, 4, 30, dict.fromkeys(each, 25_000), 60
        ),
    )


def test_a_place_that_was_not_recorded_is_no_suspicion() -> None:
    suspected = [rule for rule in default_pack().rules if isinstance(rule, LocationIn)]
    assert suspected
    assert all(NO_PLACE_RECORDED not in rule.locations for rule in suspected)


def test_a_pack_of_ones_own() -> None:
    found = load_pack(pack(AMOUNT, LOCATION))
    assert (found.name, found.version) == ("shop", 3)
    assert found.rules == (
        AmountAbove("amount", 1, "high", {"GBP": 100_000}),
        LocationIn("place", 2, "low", ("Unknown",)),
    )


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        pytest.param(YOUNG, YoungAccount("young", 1, "medium", 60, {"GBP": 10_000}), id="young"),
        pytest.param(
            VELOCITY, OrdersWithin("velocity", 1, "medium", 5, 10, {}, 30), id="orders of any size"
        ),
        pytest.param(
            VELOCITY | {"at_most": {}},
            OrdersWithin("velocity", 1, "medium", 5, 10, {}, 30),
            id="no largest amount",
        ),
        pytest.param(
            VELOCITY | {"at_most": {"EUR": "5"}},
            OrdersWithin("velocity", 1, "medium", 5, 10, {"EUR": 500}, 30),
            id="small orders",
        ),
        pytest.param(JUMP, LocationsWithin("jump", 1, "low", 60, ("Unknown",), 60), id="places"),
        pytest.param(
            JUMP | {"unknown": []},
            LocationsWithin("jump", 1, "low", 60, (), 60),
            id="every place tells something",
        ),
        pytest.param(SHARED, CustomersWithin("shared", 1, "high", 4, 1440, 60), id="customers"),
        pytest.param(
            SPIKE,
            AmountAgainstHistory("spike", 1, "high", 4, 3, 30, {"GBP": 25_000}, 60),
            id="history",
        ),
    ],
)
def test_kinds(written: dict[str, Any], rule: Rule) -> None:
    assert load_pack(pack(written)).rules == (rule,)


def test_a_pack_tells_rules_of_one_order_from_rules_of_several() -> None:
    found = load_pack(pack(VELOCITY, AMOUNT, SPIKE, JUMP, YOUNG, LOCATION, SHARED))
    assert [rule.name for rule in found.order_rules] == ["amount", "young", "place"]
    assert [rule.name for rule in found.window_rules] == ["velocity", "spike", "jump", "shared"]


def test_a_pack_without_rules_is_a_pack() -> None:
    assert load_pack(pack()).rules == ()


def test_subjects() -> None:
    assert subject_of("e-1") == "order:e-1"
    assert subject_of_customer("sub_a") == "customer:sub_a"
    assert subject_of_device("dev_a") == "device:dev_a"


@pytest.mark.parametrize(
    ("event_time", "start"),
    [
        pytest.param(0, 0, id="the epoch"),
        pytest.param(3_599_999_999, 0, id="the hour's last microsecond"),
        pytest.param(3_600_000_000, 3_600_000_000, id="the next hour"),
        pytest.param(-1, -3_600_000_000, id="before 1970"),
    ],
)
def test_suppression_windows_of_an_hour(event_time: int, start: int) -> None:
    assert window_start(event_time, 60) == start


HIGH = AmountAbove("amount", 1, "high", {"GBP": 1})
MEDIUM = LocationIn("place", 1, "medium", ("Unknown",))
LOW = LocationIn("other", 1, "low", ("Unknown",))


@pytest.mark.parametrize(
    ("covering", "fraud"),
    [
        pytest.param([], False, id="nothing covers it"),
        pytest.param([MEDIUM], False, id="one rule, not high"),
        pytest.param([MEDIUM, MEDIUM], False, id="one rule twice"),
        pytest.param([MEDIUM, LOW], True, id="two rules"),
        pytest.param([HIGH], True, id="one that is high"),
    ],
)
def test_the_verdict_on_an_order(covering: list[Rule], fraud: bool) -> None:
    assert called_fraud(covering) is fraud


BAD = [
    pytest.param("", "not JSON", id="empty"),
    pytest.param("[]", "pack: an object is needed", id="a list"),
    pytest.param(json.dumps({"pack": "a", "version": 1}), "pack.rules: missing", id="no rules"),
    pytest.param(pack(owner="me"), "pack.owner: unknown; known: ", id="unknown field"),
    pytest.param(pack(rules={}), "rules: a list is needed", id="rules are no list"),
    pytest.param(pack(pack="My Pack"), "pack: a name of a-z", id="name with a space"),
    pytest.param(pack(version=0), "version: a whole number from 1", id="version 0"),
    pytest.param(pack(version=True), "version: a whole number from 1", id="version true"),
    pytest.param(pack("amount"), r"rules\[0\].kind: one of amount_above, ", id="rule is a text"),
    pytest.param(pack(AMOUNT | {"kind": "magic"}), "got 'magic'", id="unknown kind"),
    pytest.param(pack(AMOUNT, AMOUNT), "the name 'amount' is used twice", id="a name twice"),
    pytest.param(pack(AMOUNT | {"severity": "huge"}), "low, medium, high", id="severity"),
    pytest.param(pack(AMOUNT | {"version": "1"}), "whole number from 1", id="version is text"),
    pytest.param(pack(AMOUNT | {"thresholds": {}}), "by currency is needed", id="no thresholds"),
    pytest.param(
        pack(AMOUNT | {"thresholds": {"gbp": "1"}}), "three capital letters", id="currency"
    ),
    pytest.param(
        pack(AMOUNT | {"thresholds": {"GBP": 1000.0}}), "an amount is a text", id="a float"
    ),
    pytest.param(
        pack(AMOUNT | {"thresholds": {"GBP": "0.001"}}),
        r"rules\[0\].thresholds.GBP: an amount has at most 2 decimals",
        id="three decimals",
    ),
    pytest.param(pack(AMOUNT | {"thresholds": {"GBP": "-1"}}), "0 or more", id="negative amount"),
    pytest.param(pack(LOCATION | {"locations": []}), "a list of locations", id="no locations"),
    pytest.param(pack(LOCATION | {"locations": [""]}), "a location is a text", id="no location"),
    pytest.param(
        pack(LOCATION | {"thresholds": {}}), "thresholds: unknown", id="field of another kind"
    ),
    pytest.param(pack(JUMP | {"at_most": {}}), "at_most: unknown", id="optional, of another kind"),
    pytest.param(
        pack({k: v for k, v in VELOCITY.items() if k != "count"}),
        r"rules\[0\].count: missing",
        id="no count",
    ),
    pytest.param(pack(VELOCITY | {"count": 0}), "count: a whole number from 1", id="count 0"),
    pytest.param(pack(VELOCITY | {"minutes": 1.5}), "minutes: a whole number", id="half a minute"),
    pytest.param(
        pack(VELOCITY | {"minutes": 366 * 1440 + 1}),
        r"rules\[0\].minutes: at most 527040 is allowed, got 527041",
        id="more than a year",
    ),
    pytest.param(pack(VELOCITY | {"suppress_minutes": 0}), "suppress_minutes", id="no suppression"),
    pytest.param(
        pack(VELOCITY | {"at_most": {"GBP": 5}}), "at_most.GBP: an amount is", id="amount a number"
    ),
    pytest.param(pack(JUMP | {"unknown": "x"}), "unknown: a list", id="unknown is no list"),
    pytest.param(pack(JUMP | {"unknown": [""]}), "unknown: a location", id="an empty unknown"),
    pytest.param(pack(SPIKE | {"times": 0}), "times: a whole number from 1", id="times 0"),
    pytest.param(pack(SPIKE | {"orders": "4"}), "orders: a whole number", id="orders is text"),
    pytest.param(pack(SPIKE | {"days": 367}), "days: at most 366", id="days 367"),
    pytest.param(pack(SPIKE | {"floors": {}}), "floors: an amount by currency", id="no floors"),
    pytest.param(pack(YOUNG | {"thresholds": {}}), "thresholds: an amount", id="young, no amount"),
]


@pytest.mark.parametrize(("text", "message"), BAD)
def test_what_is_wrong_is_said(text: str, message: str) -> None:
    with pytest.raises(RulePackError, match=message):
        load_pack(text)

"""Rule packs: what a good one holds, and what is said about a bad one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contracts.rule_packs import (
    AmountAbove,
    LocationIn,
    RulePackError,
    default_pack,
    load_pack,
    subject_of,
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


def pack(*rules: Any, **changes: Any) -> str:
    return json.dumps({"pack": "shop", "version": 3, "rules": list(rules)} | changes)


def test_the_default_pack() -> None:
    found = default_pack()
    assert (found.name, found.version) == ("default", 1)
    assert found.rules == (
        AmountAbove("amount", 1, "high", {"GBP": 100_000, "USD": 100_000, "EUR": 100_000}),
        LocationIn(
            "suspicious_location", 1, "medium", ("Unspecified", "Unknown", "Anonymous Proxy")
        ),
    )


def test_a_pack_of_ones_own() -> None:
    found = load_pack(pack(AMOUNT, LOCATION))
    assert (found.name, found.version) == ("shop", 3)
    assert found.rules == (
        AmountAbove("amount", 1, "high", {"GBP": 100_000}),
        LocationIn("place", 2, "low", ("Unknown",)),
    )


def test_a_pack_without_rules_is_a_pack() -> None:
    assert load_pack(pack()).rules == ()


def test_the_subject_of_an_order() -> None:
    assert subject_of("e-1") == "order:e-1"


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
]


@pytest.mark.parametrize(("text", "message"), BAD)
def test_what_is_wrong_is_said(text: str, message: str) -> None:
    with pytest.raises(RulePackError, match=message):
        load_pack(text)

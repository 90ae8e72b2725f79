"""Fraud rules as data: a pack is a versioned list of rules, and a rule's kind says how it judges.

Every kind here judges one order by itself: placed, and not from the canary. Its alert has the
subject ``order:<event_id>``, no window, and the id of `contracts.events.alert_id`; so a rule whose
meaning changes needs a new version, or its alerts keep the ids of the old meaning.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, TypeAlias, get_args

from contracts.events import Severity
from contracts.money import minor_from_text
from contracts.rejections import CURRENCY_PATTERN

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_CURRENCY = re.compile(CURRENCY_PATTERN)


@dataclass(frozen=True)
class AmountAbove:
    """Alerts when an order's total is greater than its currency's threshold, in minor units.

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


Rule: TypeAlias = AmountAbove | LocationIn


@dataclass(frozen=True)
class RulePack:
    """The rules in force, in the order of their file; rule names are unique."""

    name: str
    version: int
    rules: tuple[Rule, ...]


class RulePackError(ValueError):
    """A pack that cannot be used; the text names the rule and the field."""


def default_pack() -> RulePack:
    """The pack that ships with the package."""
    return load_pack(resources.files(__name__).joinpath("default.json").read_text(encoding="utf-8"))


def subject_of(event_id: str) -> str:
    """What an alert about one order suspects."""
    return f"order:{event_id}"


def load_pack(text: str) -> RulePack:
    """The pack of a JSON text; RulePackError on anything missing, unknown or out of range."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise RulePackError(f"the pack is not JSON: {error}") from error
    fields = _object(document, "pack", {"pack", "version", "rules"})
    name = _name(fields["pack"], "pack")
    version = _positive(fields["version"], "version")
    if not isinstance(fields["rules"], list):
        raise RulePackError(f"rules: a list is needed, got {fields['rules']!r}")
    rules = tuple(_rule(rule, f"rules[{place}]") for place, rule in enumerate(fields["rules"]))
    names = [rule.name for rule in rules]
    for repeated in names:
        if names.count(repeated) > 1:
            raise RulePackError(f"rules: the name {repeated!r} is used twice")
    return RulePack(name, version, rules)


def _rule(node: Any, path: str) -> Rule:
    kind = node.get("kind") if isinstance(node, dict) else None
    if kind not in _KINDS:
        raise RulePackError(f"{path}.kind: one of {', '.join(_KINDS)} is needed, got {kind!r}")
    wanted, build = _KINDS[kind]
    fields = _object(node, path, {"name", "kind", "version", "severity", wanted})
    name = _name(fields["name"], f"{path}.name")
    version = _positive(fields["version"], f"{path}.version")
    severity = fields["severity"]
    if severity not in get_args(Severity):
        known = ", ".join(get_args(Severity))
        raise RulePackError(f"{path}.severity: one of {known} is needed, got {severity!r}")
    return build(name, version, severity, fields[wanted], f"{path}.{wanted}")


def _amount_above(name: str, version: int, severity: Severity, node: Any, path: str) -> Rule:
    if not isinstance(node, dict) or not node:
        raise RulePackError(f"{path}: an amount by currency is needed, got {node!r}")
    return AmountAbove(
        name, version, severity, {code: _amount(code, node[code], path) for code in node}
    )


def _amount(currency: str, amount: Any, path: str) -> int:
    if not _CURRENCY.match(currency):
        raise RulePackError(f"{path}: {currency!r} is not three capital letters")
    if not isinstance(amount, str):
        raise RulePackError(f"{path}.{currency}: an amount is a text like '1000.00'")
    try:
        minor = minor_from_text(amount)
    except ValueError as error:
        raise RulePackError(f"{path}.{currency}: {error}") from error
    if minor < 0:
        raise RulePackError(f"{path}.{currency}: an amount of 0 or more is needed, got {amount!r}")
    return minor


def _location_in(name: str, version: int, severity: Severity, node: Any, path: str) -> Rule:
    if not isinstance(node, list) or not node:
        raise RulePackError(f"{path}: a list of locations is needed, got {node!r}")
    for location in node:
        if not isinstance(location, str) or not location:
            raise RulePackError(f"{path}: a location is a text, got {location!r}")
    return LocationIn(name, version, severity, tuple(dict.fromkeys(node)))


_Build: TypeAlias = Callable[[str, int, Severity, Any, str], Rule]
# By kind: the field that only this kind has, and how a rule is made of it.
_KINDS: dict[str, tuple[str, _Build]] = {
    "amount_above": ("thresholds", _amount_above),
    "location_in": ("locations", _location_in),
}


def _object(node: Any, path: str, names: set[str]) -> dict[str, Any]:
    if not isinstance(node, dict):
        raise RulePackError(f"{path}: an object is needed, got {node!r}")
    for missing in sorted(names - node.keys()):
        raise RulePackError(f"{path}.{missing}: missing")
    for unknown in sorted(node.keys() - names):
        raise RulePackError(f"{path}.{unknown}: unknown; known: {', '.join(sorted(names))}")
    return node


def _name(node: Any, path: str) -> str:
    if not isinstance(node, str) or not _NAME.fullmatch(node):
        raise RulePackError(f"{path}: a name of a-z, 0-9 and _ is needed, got {node!r}")
    return node


def _positive(node: Any, path: str) -> int:
    if isinstance(node, bool) or not isinstance(node, int) or not 1 <= node < 2**31:
        raise RulePackError(f"{path}: a whole number from 1 is needed, got {node!r}")
    return node

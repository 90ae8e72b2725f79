"""A pack's JSON text as rules, or what is wrong with it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, TypeAlias, get_args

from contracts.events import Severity
from contracts.money import minor_from_text
from contracts.rejections import CURRENCY_PATTERN
from contracts.rule_packs.rules import (
    MINUTES_PER_DAY,
    AmountAbove,
    AmountAgainstHistory,
    CustomersWithin,
    LocationIn,
    LocationsWithin,
    OrdersWithin,
    Rule,
    RulePack,
    YoungAccount,
)

# Databases subtract these from an event's time, which must stay a time they know.
MOST_DAYS = 366

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_CURRENCY = re.compile(CURRENCY_PATTERN)
_KINDS: dict[str, type[Rule]] = {
    "amount_above": AmountAbove,
    "location_in": LocationIn,
    "young_account": YoungAccount,
    "orders_within": OrdersWithin,
    "locations_within": LocationsWithin,
    "customers_within": CustomersWithin,
    "amount_against_history": AmountAgainstHistory,
}


class RulePackError(ValueError):
    """A pack that cannot be used; the text names the rule and the field."""


def load_pack(text: str) -> RulePack:
    """The pack of a JSON text; RulePackError on anything missing, unknown or out of range."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise RulePackError(f"the pack is not JSON: {error}") from error
    given = _object(document, "pack", {"pack", "version", "rules"})
    name = _name(given["pack"], "pack")
    version = _positive(given["version"], "version")
    if not isinstance(given["rules"], list):
        raise RulePackError(f"rules: a list is needed, got {given['rules']!r}")
    rules = tuple(_rule(rule, f"rules[{index}]") for index, rule in enumerate(given["rules"]))
    names = [rule.name for rule in rules]
    for repeated in names:
        if names.count(repeated) > 1:
            raise RulePackError(f"rules: the name {repeated!r} is used twice")
    return RulePack(name, version, rules)


def _rule(node: Any, path: str) -> Rule:
    kind = node.get("kind") if isinstance(node, dict) else None
    if kind not in _KINDS:
        raise RulePackError(f"{path}.kind: one of {', '.join(_KINDS)} is needed, got {kind!r}")
    made = _KINDS[kind]
    names = [field.name for field in fields(made)]
    given = _object(node, path, {"kind", *names}, optional=_OPTIONAL)
    return made(**{name: _READ[name](given.get(name), f"{path}.{name}") for name in names})


def _severity(node: Any, path: str) -> Severity:
    for known in get_args(Severity):
        if node == known:
            severity: Severity = known
            return severity
    raise RulePackError(f"{path}: one of {', '.join(get_args(Severity))} is needed, got {node!r}")


def _amounts(node: Any, path: str) -> Mapping[str, int]:
    if not isinstance(node, dict) or not node:
        raise RulePackError(f"{path}: an amount by currency is needed, got {node!r}")
    return {code: _amount(code, node[code], path) for code in node}


def _amounts_or_none(node: Any, path: str) -> Mapping[str, int]:
    return {} if node is None or node == {} else _amounts(node, path)


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


def _locations(node: Any, path: str) -> tuple[str, ...]:
    if not isinstance(node, list) or not node:
        raise RulePackError(f"{path}: a list of locations is needed, got {node!r}")
    for location in node:
        if not isinstance(location, str) or not location:
            raise RulePackError(f"{path}: a location is a text, got {location!r}")
    return tuple(dict.fromkeys(node))


def _locations_or_none(node: Any, path: str) -> tuple[str, ...]:
    return () if node == [] else _locations(node, path)


def _name(node: Any, path: str) -> str:
    if not isinstance(node, str) or not _NAME.fullmatch(node):
        raise RulePackError(f"{path}: a name of a-z, 0-9 and _ is needed, got {node!r}")
    return node


def _positive(node: Any, path: str) -> int:
    return _whole(node, path, 1, 2**31 - 1)


def _days(node: Any, path: str) -> int:
    return _whole(node, path, 1, MOST_DAYS)


def _minutes(node: Any, path: str) -> int:
    return _whole(node, path, 1, MOST_DAYS * MINUTES_PER_DAY)


def _whole(node: Any, path: str, least: int, most: int) -> int:
    if isinstance(node, bool) or not isinstance(node, int) or node < least:
        raise RulePackError(f"{path}: a whole number from {least} is needed, got {node!r}")
    if node > most:
        raise RulePackError(f"{path}: at most {most} is allowed, got {node!r}")
    return node


_Read: TypeAlias = Callable[[Any, str], Any]
# A field is read the same way in every kind that has it.
_READ: dict[str, _Read] = {
    "name": _name,
    "version": _positive,
    "severity": _severity,
    "thresholds": _amounts,
    "locations": _locations,
    "minutes": _minutes,
    "count": _positive,
    "at_most": _amounts_or_none,
    "unknown": _locations_or_none,
    "times": _positive,
    "orders": _positive,
    "days": _days,
    "floors": _amounts,
    "suppress_minutes": _minutes,
}
_OPTIONAL = frozenset({"at_most"})


def _object(
    node: Any, path: str, names: set[str], optional: frozenset[str] = frozenset()
) -> dict[str, Any]:
    if not isinstance(node, dict):
        raise RulePackError(f"{path}: an object is needed, got {node!r}")
    for missing in sorted(names - optional - node.keys()):
        raise RulePackError(f"{path}.{missing}: missing")
    for unknown in sorted(node.keys() - names):
        raise RulePackError(f"{path}.{unknown}: unknown; known: {', '.join(sorted(names))}")
    return node

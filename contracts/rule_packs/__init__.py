"""Fraud rules as data: a pack is a versioned list of rules, and a rule's kind says how it judges.

An alert has the id of `contracts.events.alert_id`, of its rule, the rule's version, its subject and
its window; so a rule whose meaning changes needs a new version, or its alerts keep the ids of the
old meaning.
"""

from __future__ import annotations

from importlib import resources

from contracts.rule_packs.parsing import RulePackError, load_pack
from contracts.rule_packs.rules import (
    AmountAbove,
    AmountAgainstHistory,
    CustomersWithin,
    LocationIn,
    LocationsWithin,
    OrderRule,
    OrdersWithin,
    Rule,
    RulePack,
    WindowRule,
    YoungAccount,
    called_fraud,
    subject_of,
    subject_of_customer,
    subject_of_device,
    window_start,
)

__all__ = [
    "AmountAbove",
    "AmountAgainstHistory",
    "CustomersWithin",
    "LocationIn",
    "LocationsWithin",
    "OrderRule",
    "OrdersWithin",
    "Rule",
    "RulePack",
    "RulePackError",
    "WindowRule",
    "YoungAccount",
    "called_fraud",
    "default_pack",
    "load_pack",
    "subject_of",
    "subject_of_customer",
    "subject_of_device",
    "window_start",
]


def default_pack() -> RulePack:
    """The pack that ships with the package."""
    return load_pack(resources.files(__name__).joinpath("default.json").read_text(encoding="utf-8"))

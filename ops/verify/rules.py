"""The alerts that the rule pack gives for a relation of orders, worked out in SQL."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from importlib import resources
from typing import Any

import duckdb

from contracts.events import alert_id
from ops.verify.filling import fill, read

_RAISED = """
    SELECT event_id, event_us, region FROM {orders}
    WHERE kind = 'placed' AND NOT canary AND {suspicious}
"""


def default_rules() -> list[dict[str, Any]]:
    """The rules of the pack that ships with the package, as they are written."""
    text = (resources.files("contracts.rule_packs") / "default.json").read_text(encoding="utf-8")
    rules: list[dict[str, Any]] = json.loads(text)["rules"]
    return rules


def derive_alerts(
    connection: duckdb.DuckDBPyConnection,
    orders: str,
    into: str,
    rules: Sequence[Mapping[str, Any]],
) -> int:
    """Fill `into` with an alert for each order that a rule suspects; return how many."""
    return sum(fill(connection, into, _alerts(connection, orders, rule)) for rule in rules)


def _alerts(
    connection: duckdb.DuckDBPyConnection, orders: str, rule: Mapping[str, Any]
) -> Iterator[tuple[object, ...]]:
    name, version = str(rule["name"]), int(rule["version"])
    suspicious, parameters = _condition(rule)
    statement = _RAISED.format(orders=orders, suspicious=suspicious)
    # Read to the end first: filling a relation while a cursor of it is open is not isolated.
    found = [row for batch in read(connection, statement, parameters) for row in batch]
    for event_id, event_us, region in found:
        subject = f"order:{event_id}"
        identity = alert_id(name, version, subject, None)
        yield identity, name, version, subject, rule["severity"], event_us, region


def _condition(rule: Mapping[str, Any]) -> tuple[str, list[object]]:
    if rule["kind"] == "amount_above":
        thresholds = {
            currency: int(Decimal(amount).scaleb(2))
            for currency, amount in rule["thresholds"].items()
        }
        above = " OR ".join("(currency = ? AND total_minor > ?)" for _ in thresholds)
        return f"({above})", [value for pair in thresholds.items() for value in pair]
    if rule["kind"] == "location_in":
        return "list_contains(?, location)", [list(rule["locations"])]
    raise ValueError(f"no recomputation is known for rules of kind {rule['kind']!r}")

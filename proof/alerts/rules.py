"""The alerts that the rule pack gives for a relation of orders, worked out in SQL."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from typing import Any

import duckdb

from contracts.events import alert_id
from proof.alerts.rule_sql import Judgement, judgement_of
from proof.filling import fill, read


def default_document() -> dict[str, Any]:
    """The pack that ships with the package, as it is written."""
    text = (resources.files("contracts.rule_packs") / "default.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def default_rules() -> list[dict[str, Any]]:
    """The rules of that pack."""
    rules: list[dict[str, Any]] = default_document()["rules"]
    return rules


def derive_alerts(
    connection: duckdb.DuckDBPyConnection,
    orders: str,
    into: str,
    rules: Sequence[Mapping[str, Any]],
) -> int:
    """Fill `into` with the alerts of the rules about the orders; return how many."""
    return sum(fill(connection, into, _alerts(connection, orders, rule)) for rule in rules)


def alerts_statement(judgement: Judgement, orders: str) -> str:
    """A query of a rule's alerts: subject, window_us, event_us and region.

    An alert of a window may tell of any order that completes it; here it is the first.
    """
    completed = f"SELECT * FROM ({judgement.completions(orders)}) WHERE completes"
    if judgement.suppress_us is None:
        return f"SELECT subject, NULL::BIGINT AS window_us, event_us, region FROM ({completed})"
    return f"""
        SELECT subject, event_us - event_us % {judgement.suppress_us} AS window_us,
               min(event_us) AS event_us, arg_min(region, event_us) AS region
        FROM ({completed}) GROUP BY ALL
    """


def _alerts(
    connection: duckdb.DuckDBPyConnection, orders: str, rule: Mapping[str, Any]
) -> Iterator[tuple[object, ...]]:
    name, version = str(rule["name"]), int(rule["version"])
    judgement = judgement_of(rule)
    statement = alerts_statement(judgement, orders)
    # Read to the end first: filling a relation while a cursor of it is open is not isolated.
    found: list[Any] = [row for batch in read(connection, statement) for row in batch]
    for subject, window_us, event_us, region in found:
        identity = alert_id(name, version, subject, window_us)
        yield (
            *(identity, name, version, subject, rule["severity"], event_us, region),
            *(window_us, judgement.suppress_us),
        )

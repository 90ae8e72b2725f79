"""The alerts that the rule pack gives for a relation of orders, worked out in SQL."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

from proof.alerts.rule_sql import Judgement


def default_document() -> dict[str, Any]:
    """The pack that ships with the package, as it is written."""
    text = (resources.files("contracts.rule_packs") / "default.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def default_rules() -> list[dict[str, Any]]:
    """The rules of that pack."""
    rules: list[dict[str, Any]] = default_document()["rules"]
    return rules


def alerts_statement(judgement: Judgement, orders: str) -> str:
    """A query of a rule's alerts: subject, window_us, event_us, region and completed_by.

    An alert of a window may name any order that completes it. `completed_by` lists the moment and
    region of each, and is null where there is no window; the others are of the first.
    """
    completed = f"SELECT * FROM ({judgement.completions(orders)}) WHERE completes"
    if judgement.suppress_us is None:
        return (
            "SELECT subject, NULL::BIGINT AS window_us, event_us, region, "
            f"NULL::STRUCT(event_us BIGINT, region VARCHAR)[] AS completed_by FROM ({completed})"
        )
    return f"""
        SELECT subject, event_us - event_us % {judgement.suppress_us} AS window_us,
               min(event_us) AS event_us, arg_min(region, event_us) AS region,
               list(DISTINCT {{'event_us': event_us, 'region': region}}) AS completed_by
        FROM ({completed}) GROUP BY ALL
    """

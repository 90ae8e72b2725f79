"""Which orders, customers and devices look like fraud? The rules of a pack, rendered in SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.events import ALERT_NAMESPACE
from proof.alerts.rule_sql import judgement_of
from proof.alerts.rules import alerts_statement
from readers.sql_text import literal

# An alert's id is the UUID of version 5 of its rule, version, subject and window.
_SCRIPT = """\
-- Which orders, customers and devices look like fraud? The rules of the pack over single orders.

-- level: L6

-- derived: from orders
WITH alert AS (
  {alerts}
), hashed AS (
  SELECT *, sha1(unhex('{namespace}') || encode(concat_ws('/', rule, rule_version, subject,
                                                          coalesce(window_us::VARCHAR, '')))) AS h
  FROM alert
)
SELECT concat_ws('-', h[1:8], h[9:12], '5' || h[14:16],
                 translate(h[17:17], '0123456789abcdef', '89ab89ab89ab89ab') || h[18:20], h[21:32])
         AS alert_id,
       rule, rule_version, subject, severity, region, moment(event_us) AS event_time,
       moment(window_us) AS window_start, completed_by
FROM hashed;

-- agrees: event_time
-- The order of arrival decides which of the orders that complete an alert of a window was seen
-- first. The alert has the time and the region of one of them.
CASE WHEN derived.completed_by IS NULL THEN answered.event_time = derived.event_time
     ELSE list_contains(derived.completed_by, {{
            'event_us': epoch_us(answered.event_time), 'region': answered.region}})
END;

-- agrees: region
derived.completed_by IS NOT NULL OR answered.region = derived.region;
"""
_NO_RULE = (
    "SELECT '' AS rule, 0 AS rule_version, '' AS severity, '' AS subject, 0::BIGINT AS window_us, "
    "0::BIGINT AS event_us, '' AS region, "
    "NULL::STRUCT(event_us BIGINT, region VARCHAR)[] AS completed_by WHERE false"
)


def script(rules: Sequence[Mapping[str, Any]]) -> str:
    """The question's file for the rules of a pack."""
    return _SCRIPT.format(alerts=alerts_of(rules, "orders"), namespace=ALERT_NAMESPACE.hex)


def alerts_of(rules: Sequence[Mapping[str, Any]], orders: str) -> str:
    """A query of the alerts that the rules give for a relation of orders, without their ids."""
    return "\n  UNION ALL\n".join([_NO_RULE, *(_alerts(rule, orders) for rule in rules)])


def _alerts(rule: Mapping[str, Any], orders: str) -> str:
    return f"""
  SELECT {literal(rule["name"])}, {int(rule["version"])}, {literal(rule["severity"])}, subject,
         window_us, event_us, region, completed_by
  FROM ({alerts_statement(judgement_of(rule), orders)})"""

"""What each kind of fraud rule means, as SQL over a relation of orders: who it judges, what it
counts, and which orders complete a suspicion.

A relation of orders has event_id, event_us, region, kind, canary, customer_id, device_id,
account_us, total_minor, currency and location; times are microseconds, money is in minor units.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from contracts.times import DAY_US, MINUTE_US
from readers.sql_text import literal

Written: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class Judgement:
    """A rule in SQL.

    `subject` is an expression, null where the rule has nobody to suspect. `counted` is the
    condition of an order that the rule counts. `completes` is the condition of an order that
    completes a suspicion; it may look back over `reach_us` (None: the rule judges that order
    alone). A subject has one alert per `suppress_us` (None: the rule judges one order by itself).
    """

    subject: str
    completes: str
    counted: str = "true"
    reach_us: int | None = None
    suppress_us: int | None = None

    def completions(self, orders: str) -> str:
        """A query of the orders counted, each with its `subject` and whether it `completes`."""
        return f"""
            SELECT event_id, event_us, region, subject, {self.completes} AS completes
            FROM (
              SELECT *, {self.subject} AS subject FROM {orders}
              WHERE kind = 'placed' AND NOT canary AND {self.counted}
            ) WHERE subject IS NOT NULL
        """


def judgement_of(rule: Written) -> Judgement:
    """The meaning of a rule as it is written in its pack; ValueError for an unknown kind."""
    if rule["kind"] not in _KINDS:
        raise ValueError(f"no recomputation is known for rules of kind {rule['kind']!r}")
    return _KINDS[rule["kind"]](rule)


_ORDER = "'order:' || event_id"
_CUSTOMER = "'customer:' || customer_id"
_DEVICE = "'device:' || device_id"


def _amount_above(rule: Written) -> Judgement:
    return Judgement(_ORDER, _amount("total_minor >", rule["thresholds"]))


def _location_in(rule: Written) -> Judgement:
    return Judgement(_ORDER, f"location IN ({_texts(rule['locations'])})")


def _young_account(rule: Written) -> Judgement:
    young = f"event_us - account_us BETWEEN 0 AND {rule['minutes'] * MINUTE_US}"
    above = _amount("total_minor >", rule["thresholds"])
    return Judgement(_ORDER, f"coalesce({young} AND {above}, false)")


def _orders_within(rule: Written) -> Judgement:
    small = rule.get("at_most")
    return Judgement(
        _CUSTOMER,
        f"count(*) OVER {_within(rule)} >= {int(rule['count'])}",
        counted=_amount("total_minor <=", small) if small else "true",
        reach_us=rule["minutes"] * MINUTE_US,
        suppress_us=rule["suppress_minutes"] * MINUTE_US,
    )


def _locations_within(rule: Written) -> Judgement:
    window, unknown = _within(rule), rule["unknown"]
    return Judgement(
        _CUSTOMER,
        f"min(location) OVER {window} <> max(location) OVER {window}",
        counted=f"location NOT IN ({_texts(unknown)})" if unknown else "true",
        reach_us=rule["minutes"] * MINUTE_US,
        suppress_us=rule["suppress_minutes"] * MINUTE_US,
    )


def _customers_within(rule: Written) -> Judgement:
    return Judgement(
        _DEVICE,
        f"count(DISTINCT customer_id) OVER {_within(rule)} >= {int(rule['count'])}",
        reach_us=rule["minutes"] * MINUTE_US,
        suppress_us=rule["suppress_minutes"] * MINUTE_US,
    )


def _amount_against_history(rule: Written) -> Judgement:
    # The rule needs N earlier orders that are small enough. It is met when the N-th smallest is.
    # One window function finds it, where a join would pair every two orders of a customer.
    wanted = int(rule["orders"])
    smallest = (
        f"min(total_minor, {wanted}) OVER (PARTITION BY subject, currency ORDER BY event_us "
        f"RANGE BETWEEN {rule['days'] * DAY_US} PRECEDING AND 1 PRECEDING)"
    )
    large = _amount("total_minor >=", rule["floors"])
    spike = f"len({smallest}) = {wanted} AND {smallest}[{wanted}] * {rule['times']} <= total_minor"
    return Judgement(
        _CUSTOMER,
        f"coalesce({large} AND {spike}, false)",
        suppress_us=rule["suppress_minutes"] * MINUTE_US,
    )


_KINDS: dict[str, Callable[[Written], Judgement]] = {
    "amount_above": _amount_above,
    "location_in": _location_in,
    "young_account": _young_account,
    "orders_within": _orders_within,
    "locations_within": _locations_within,
    "customers_within": _customers_within,
    "amount_against_history": _amount_against_history,
}


def _within(rule: Written) -> str:
    """The subject's orders up to this one, both ends and all of the same moment included."""
    return (
        "(PARTITION BY subject ORDER BY event_us "
        f"RANGE BETWEEN {rule['minutes'] * MINUTE_US} PRECEDING AND CURRENT ROW)"
    )


def _amount(compared: str, amounts: Mapping[str, str]) -> str:
    """The total against the amount of its currency; false in a currency without one."""
    each = (
        f"(currency = {literal(currency)} AND {compared} {int(Decimal(amount).scaleb(2))})"
        for currency, amount in amounts.items()
    )
    return f"({' OR '.join(each)})"


def _texts(values: list[str]) -> str:
    return ", ".join(map(literal, values))

"""SQL of the fraud rules that judge several orders of a customer or a device together.

They are judged over the table `orders` when a batch's orders are in it, so a late order is judged
with those that were there before it. The rules are monotone (`contracts.rule_packs.rules`): what is
found is never to be taken back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from contracts.money import decimal_of_minor
from contracts.rule_packs import (
    AmountAgainstHistory,
    CustomersWithin,
    LocationsWithin,
    OrdersWithin,
    RulePack,
    WindowRule,
    subject_of_customer,
    subject_of_device,
)
from contracts.rule_packs.rules import MINUTES_PER_DAY
from contracts.tables.postgres import JUDGED
from emr_jobs.kernel.question import Statement

_SUBJECT = {"customer_id": subject_of_customer(""), "device_id": subject_of_device("")}


@dataclass(frozen=True)
class _Judged:
    """How one rule finds the orders that complete a suspicion.

    `completing` is a query of their token, event_id, event_time, the greatest append_time of the
    orders that count, and `shown`, what the alert shows of them. Of the orders that are near, one
    that does not meet `needs` neither completes a suspicion nor counts for one.
    """

    rule: WindowRule
    completing: str
    needs: str = "true"
    parameters: Mapping[str, object] = field(default_factory=dict)


def statements(pack: RulePack, new: str) -> tuple[Statement, ...]:
    """Queries of the alerts that the orders in the table `new` complete and that `alerts` does not
    hold. They give its columns, except those that the store fills. The orders of `new` are in
    `orders` too; `new` may repeat older ones."""
    near: dict[str, list[OrdersWithin | LocationsWithin | CustomersWithin]] = {}
    found = []
    for rule in pack.window_rules:
        if isinstance(rule, AmountAgainstHistory):
            found.append(_statement(_touched("customer_id", new), [_against_history(rule, new)]))
        else:
            column = "device_id" if isinstance(rule, CustomersWithin) else "customer_id"
            near.setdefault(column, []).append(rule)
    found += [_of_near(column, rules, new) for column, rules in near.items()]
    return tuple(found)


def _of_near(
    column: str, rules: Sequence[OrdersWithin | LocationsWithin | CustomersWithin], new: str
) -> Statement:
    """Rules that look at the orders near the new ones, which are read once for all of them. Most
    orders are of a subject that no rule can suspect, and are left out at once."""
    judged = [_within(rule, f"unknown_{index}") for index, rule in enumerate(rules)]
    reach = _minutes(max(rule.minutes for rule in rules))
    near = f"""{_touched(column, new)}, near AS MATERIALIZED (
  SELECT * FROM (
    SELECT token, first, event_id, event_time, append_time, customer_id, total, currency, location,
           event_time - lag(event_time) OVER by_time AS since,
           lead(event_time) OVER by_time - event_time AS until,
           min(customer_id) OVER of_token <> max(customer_id) OVER of_token AS shared
    FROM touched JOIN orders
    ON {_is_token(column)} AND event_time BETWEEN first - {reach} AND last + {reach}
    WHERE {JUDGED}
    WINDOW of_token AS (PARTITION BY token), by_time AS (of_token ORDER BY event_time)
  ) each WHERE {" OR ".join(dict.fromkeys(each.needs for each in judged))}
)"""
    return _statement(near, judged, _SUBJECT[column])


def _touched(column: str, new: str) -> str:
    return f"""WITH touched AS (
  SELECT {column} AS token, min(event_time) AS first, max(event_time) AS last
  FROM {new} WHERE {JUDGED} AND {column} IS NOT NULL GROUP BY {column}
)"""


def _statement(
    given: str, judged: Sequence[_Judged], subject: str = _SUBJECT["customer_id"]
) -> Statement:
    """One alert per rule, subject and window: that of the first order that completes it."""
    parameters: dict[str, object] = {"subject": subject}
    completing = []
    for index, each in enumerate(judged):
        rule = each.rule
        completing.append(f"""
  SELECT %(rule_{index})s AS rule, {rule.version} AS rule_version,
         %(severity_{index})s AS severity, %(subject)s || token AS subject,
         {_window(rule)} AS window_start, event_id, event_time, append_time, shown
  FROM ({each.completing}) completing""")
        parameters |= {f"rule_{index}": rule.name, f"severity_{index}": rule.severity}
        parameters |= each.parameters
    sql = f"""{given}, completing AS ({" UNION ALL ".join(completing)}
), found AS (
  SELECT DISTINCT ON (rule, subject, window_start) * FROM completing c
  WHERE NOT EXISTS (
    SELECT FROM alerts a WHERE a.subject = c.subject AND a.rule = c.rule
    AND a.rule_version = c.rule_version AND a.window_start = c.window_start)
  ORDER BY rule, subject, window_start, event_time, event_id
)
SELECT rule, rule_version, subject, window_start, severity, f.event_time, f.append_time, region,
  (jsonb_build_object('order_id', order_id, 'amount', total::text, 'currency', currency,
                      'location', location) || shown)::text
FROM found f JOIN orders USING (event_id)"""
    return Statement(sql, parameters)


def _within(rule: OrdersWithin | LocationsWithin | CustomersWithin, unknown: str) -> _Judged:
    """`unknown` names the parameter with the locations that tell nothing."""
    match rule:
        case OrdersWithin():
            return _orders_within(rule)
        case LocationsWithin():
            return _locations_within(rule, unknown)
        case CustomersWithin():
            return _customers_within(rule)


def _orders_within(rule: OrdersWithin) -> _Judged:
    small = f"total <= {_of_currency(rule.at_most)}" if rule.at_most else "true"
    return _Judged(
        rule,
        f"""
    SELECT *, {_shown(count="count", minutes=rule.minutes)} AS shown FROM (
      SELECT token, first, event_id, event_time, max(append_time) OVER within AS append_time,
             count(*) OVER within
      FROM near WHERE {small} {_frame(rule.minutes)}
    ) counted WHERE count >= {rule.count} AND event_time >= first""",
        "true" if rule.count == 1 else _accompanied(rule.minutes),
    )


def _locations_within(rule: LocationsWithin, unknown: str) -> _Judged:
    return _Judged(
        rule,
        f"""
    SELECT *, {_shown(locations="one || ', ' || another", minutes=rule.minutes)} AS shown FROM (
      SELECT token, first, event_id, event_time, max(append_time) OVER within AS append_time,
             min(location COLLATE "C") OVER within AS one,
             max(location COLLATE "C") OVER within AS another
      FROM near WHERE location <> ALL (%({unknown})s) {_frame(rule.minutes)}
    ) counted WHERE one <> another AND event_time >= first""",
        _accompanied(rule.minutes),
        {unknown: list(rule.unknown)},
    )


def _customers_within(rule: CustomersWithin) -> _Judged:
    """Postgres has no count(DISTINCT) OVER. A customer is there from an order until their next one,
    or until that order is out of reach. A running sum of who comes and who goes counts them."""
    gone = f"event_time + {_minutes(rule.minutes)} + interval '1 microsecond'"
    return _Judged(
        rule,
        f"""
    SELECT *, {_shown(customers="customers", minutes=rule.minutes)} AS shown FROM (
      WITH there AS (
        SELECT token, first, event_id, event_time, max(append_time) OVER within AS append_time,
               lead(event_time) OVER (PARTITION BY token, customer_id ORDER BY event_time) AS next
        FROM near WHERE customer_id IS NOT NULL {_frame(rule.minutes)}
      )
      SELECT *, sum(change) OVER (PARTITION BY token ORDER BY at) AS customers FROM (
        SELECT *, event_time AS at, 1 AS change FROM there
        UNION ALL SELECT *, LEAST(next, {gone}), -1 FROM there
      ) changes
    ) counted WHERE change = 1 AND customers >= {rule.count} AND event_time >= first""",
        "true" if rule.count == 1 else "shared",
    )


def _against_history(rule: AmountAgainstHistory, new: str) -> _Judged:
    """An order is judged when it is new, or when a new one of its customer is before it."""
    reach = _minutes(rule.days * MINUTES_PER_DAY)
    shown = _shown(
        earlier_orders="earlier", largest_earlier="largest", times=rule.times, days=rule.days
    )
    columns = "token, event_id, event_time, append_time, total, currency"
    large = f"total >= {_of_currency(rule.floors)}"
    return _Judged(
        rule,
        f"""
    SELECT token, event_id, event_time, {shown} AS shown,
           GREATEST(large.append_time, history.append_time) AS append_time
    FROM (
      SELECT {columns} FROM orders JOIN (
        SELECT event_id, customer_id AS token FROM {new} WHERE {JUDGED} AND {large}
      ) new USING (event_id) WHERE {JUDGED} AND {large} AND customer_id = token
      UNION
      SELECT {columns} FROM touched JOIN orders
      ON {_is_token("customer_id")} AND event_time > first AND event_time <= last + {reach}
      WHERE {JUDGED} AND {large}
    ) large CROSS JOIN LATERAL (
      SELECT count(*) AS earlier, max(append_time) AS append_time, max(total) AS largest
      FROM orders
      WHERE {JUDGED} AND {_is_token("customer_id")} AND currency = large.currency
      AND event_time >= large.event_time - {reach} AND event_time < large.event_time
      AND total * {rule.times} <= large.total
    ) history WHERE earlier >= {rule.orders}""",
    )


def _is_token(column: str) -> str:
    """The indexes hold a hash of 8 bytes: a token takes twice the time to insert."""
    return f"hashtextextended({column}, 0) = hashtextextended(token, 0) AND {column} = token"


def _accompanied(minutes: int) -> str:
    return f"LEAST(since, until) <= {_minutes(minutes)}"


def _frame(minutes: int) -> str:
    """Both ends belong to it, and so do all orders of one moment."""
    return (
        "WINDOW within AS (PARTITION BY token ORDER BY event_time "
        f"RANGE BETWEEN {_minutes(minutes)} PRECEDING AND CURRENT ROW)"
    )


def _minutes(minutes: int) -> str:
    return f"interval '{minutes} minutes'"


def _window(rule: WindowRule) -> str:
    """As `contracts.rule_packs.window_start`."""
    return f"date_bin({_minutes(rule.suppress_minutes)}, event_time, timestamptz 'epoch')"


def _of_currency(amounts: Mapping[str, int]) -> str:
    """The amount of the order's currency; null for a currency without one."""
    cases = (
        f"WHEN '{code}' THEN {decimal_of_minor(minor)}" for code, minor in sorted(amounts.items())
    )
    return f"CASE currency {' '.join(cases)} END"


def _shown(**expressions: object) -> str:
    """Evidence: every value is a text."""
    pairs = ", ".join(f"'{name}', ({value})::text" for name, value in expressions.items())
    return f"jsonb_build_object({pairs})"

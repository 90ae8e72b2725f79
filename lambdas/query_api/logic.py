"""The statement that a request stands for: pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

from contracts.events import Severity
from contracts.topics import SOURCES
from lambdas.json_values import plain

MAX_ROWS = 1000
DEFAULT_ROWS = 100
DEFAULT_SPAN = timedelta(hours=1)
# An answer is read by its index, but of a longer span it takes more than the time that it has.
LONGEST_SPAN = timedelta(days=31)
_FIRST = datetime.min.replace(tzinfo=UTC)
_NUMBER = re.compile("[0-9]{1,4}")


class BadRequest(ValueError):
    """The request is not valid. The message names the part and says what is expected."""


@dataclass(frozen=True)
class Query:
    """One statement with its values. It asks for one row more than `limit`, to know if there are
    more."""

    sql: str
    values: tuple[object, ...]
    limit: int


def query(path: str, given: Mapping[str, str], now: datetime) -> Query | None:
    """The query of a path, or None for an unknown path. Raises BadRequest."""
    route = _ROUTES.get(path)
    if route is None:
        return None
    parameters = {"from", "to", "limit", *route.equal}
    if unknown := sorted(given.keys() - parameters):
        raise BadRequest(
            f"no parameter {', '.join(unknown)}; known: {', '.join(sorted(parameters))}"
        )
    since, until = _span(given, now)
    for name, known in route.choices.items():
        if given.get(name) not in (None, *known):
            raise BadRequest(f"{name}: one of {', '.join(known)}")
    conditions, values = _equal({**route.defaults, **given}, route.equal)
    span = [f"{route.time} >= %s", f"{route.time} < %s"]
    limit = _limit(given)
    return Query(
        f"{route.select} WHERE {' AND '.join([*span, *conditions])} {route.ending} LIMIT %s",
        (since, until, *values, limit + 1),
        limit,
    )


def document(columns: list[str], rows: list[tuple[object, ...]], limit: int) -> dict[str, Any]:
    """The answer. `truncated` says that there are more rows than asked for."""
    shown = [
        {name: plain(value) for name, value in zip(columns, row, strict=True)}
        for row in rows[:limit]
    ]
    return {"rows": shown, "truncated": len(rows) > limit}


@dataclass(frozen=True)
class _Route:
    """Rows by a span of the column `time`, and by the columns `equal`, which are parameters too.
    `ending` follows the conditions. `choices` are the only values of a parameter, and `defaults`
    the values of absent ones."""

    select: str
    time: str
    ending: str
    equal: tuple[str, ...]
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)


_ROUTES = {
    "/metrics/orders": _Route(
        "SELECT window_start, window_end, category, location, currency, region, order_count, "
        "revenue, average, largest, smallest, unique_customers, cancelled_count, "
        "cancelled_amount, closed_at, revised FROM order_metrics",
        time="window_start",
        ending="ORDER BY window_start DESC, location, currency, category",
        equal=("category", "location", "currency"),
        # Only whole orders: their categories would count an order several times.
        defaults={"category": "*"},
    ),
    "/alerts": _Route(
        "SELECT alert_id, rule, rule_version, subject, window_start, severity, event_time, "
        "append_time, region, evidence, raised_at FROM alerts",
        time="event_time",
        ending="ORDER BY event_time DESC, alert_id",
        equal=("severity", "rule", "subject"),
        choices={"severity": get_args(Severity)},
    ),
    "/ledger": _Route(
        "SELECT topic, sum(silver + duplicate + quarantine)::bigint AS bronze, "
        "sum(silver)::bigint AS silver, sum(duplicate)::bigint AS duplicate, "
        "sum(quarantine)::bigint AS quarantine FROM quality",
        time="window_start",
        ending="GROUP BY topic ORDER BY topic",
        equal=("topic",),
        choices={"topic": tuple(topic.name for topic in SOURCES)},
    ),
}
PATHS = tuple(_ROUTES)


def _span(given: Mapping[str, str], now: datetime) -> tuple[datetime, datetime]:
    until = _time(given, "to") or now
    since = _time(given, "from") or until - min(DEFAULT_SPAN, until - _FIRST)
    if since >= until:
        raise BadRequest(f"from {since.isoformat()} is not before to {until.isoformat()}")
    if until - since > LONGEST_SPAN:
        raise BadRequest(f"from and to are at most {LONGEST_SPAN.days} days apart")
    return since, until


def _time(given: Mapping[str, str], name: str) -> datetime | None:
    if name not in given:
        return None
    try:
        moment = datetime.fromisoformat(given[name])
    except ValueError:
        raise BadRequest(f"{name}: a time such as 2026-11-02T12:00:00Z") from None
    if moment.tzinfo is None:
        raise BadRequest(f"{name}: a time with its offset, such as 2026-11-02T12:00:00Z")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise BadRequest(f"{name}: outside of the calendar with its offset") from None


def _equal(given: Mapping[str, str], names: tuple[str, ...]) -> tuple[list[str], list[str]]:
    chosen = [name for name in names if name in given]
    for name in chosen:
        if not given[name] or "\0" in given[name]:
            raise BadRequest(f"{name} is empty or is not text")
    return [f"{name} = %s" for name in chosen], [given[name] for name in chosen]


def _limit(given: Mapping[str, str]) -> int:
    text = given.get("limit", str(DEFAULT_ROWS))
    if not _NUMBER.fullmatch(text) or not 1 <= int(text) <= MAX_ROWS:
        raise BadRequest(f"limit: 1 to {MAX_ROWS}")
    return int(text)

"""The statement that a request stands for: pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, get_args
from uuid import UUID

from contracts.events import Severity
from contracts.topics import SOURCES

MAX_ROWS = 1000
DEFAULT_ROWS = 100
DEFAULT_SPAN = timedelta(hours=1)


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
    known = _ROUTES.get(path)
    if known is None:
        return None
    build, parameters = known
    if unknown := sorted(given.keys() - parameters):
        raise BadRequest(
            f"no parameter {', '.join(unknown)}; known: {', '.join(sorted(parameters))}"
        )
    return build(given, now)


def document(columns: list[str], rows: list[tuple[object, ...]], limit: int) -> dict[str, Any]:
    """The answer. `truncated` says that there are more rows than asked for."""
    shown = [
        {name: _plain(value) for name, value in zip(columns, row, strict=True)}
        for row in rows[:limit]
    ]
    return {"rows": shown, "truncated": len(rows) > limit}


def _order_metrics(given: Mapping[str, str], now: datetime) -> Query:
    since, until = _span(given, now)
    conditions, values = _equal(given, ("category", "location", "currency"))
    if "category" not in given:
        # Only whole orders: their categories would count an order several times.
        conditions.append("category = '*'")
    limit = _limit(given)
    return Query(
        "SELECT window_start, window_end, category, location, currency, region, order_count, "
        "revenue, average, largest, smallest, unique_customers, cancelled_count, "
        "cancelled_amount, closed_at, revised FROM order_metrics "
        f"WHERE {' AND '.join(['window_start >= %s', 'window_start < %s', *conditions])} "
        "ORDER BY window_start DESC, location, currency, category LIMIT %s",
        (since, until, *values, limit + 1),
        limit,
    )


def _alerts(given: Mapping[str, str], now: datetime) -> Query:
    since, until = _span(given, now)
    if given.get("severity") not in (None, *get_args(Severity)):
        raise BadRequest(f"severity: one of {', '.join(get_args(Severity))}")
    conditions, values = _equal(given, ("severity", "rule", "subject"))
    limit = _limit(given)
    return Query(
        "SELECT alert_id, rule, rule_version, subject, window_start, severity, event_time, "
        "append_time, region, evidence, raised_at FROM alerts "
        f"WHERE {' AND '.join(['event_time >= %s', 'event_time < %s', *conditions])} "
        "ORDER BY event_time DESC, alert_id LIMIT %s",
        (since, until, *values, limit + 1),
        limit,
    )


def _ledger(given: Mapping[str, str], now: datetime) -> Query:
    since, until = _span(given, now)
    if given.get("topic") not in (None, *(topic.name for topic in SOURCES)):
        raise BadRequest(f"topic: one of {', '.join(topic.name for topic in SOURCES)}")
    conditions, values = _equal(given, ("topic",))
    limit = _limit(given)
    return Query(
        "SELECT topic, sum(silver + duplicate + quarantine)::bigint AS bronze, "
        "sum(silver)::bigint AS silver, sum(duplicate)::bigint AS duplicate, "
        "sum(quarantine)::bigint AS quarantine FROM quality "
        f"WHERE {' AND '.join(['window_start >= %s', 'window_start < %s', *conditions])} "
        "GROUP BY topic ORDER BY topic LIMIT %s",
        (since, until, *values, limit + 1),
        limit,
    )


_SPAN = frozenset({"from", "to", "limit"})
_Build = Callable[[Mapping[str, str], datetime], Query]
_ROUTES: dict[str, tuple[_Build, frozenset[str]]] = {
    "/metrics/orders": (_order_metrics, _SPAN | {"category", "location", "currency"}),
    "/alerts": (_alerts, _SPAN | {"severity", "rule", "subject"}),
    "/ledger": (_ledger, _SPAN | {"topic"}),
}
PATHS = tuple(_ROUTES)


def _span(given: Mapping[str, str], now: datetime) -> tuple[datetime, datetime]:
    until = _time(given, "to") or now
    since = _time(given, "from") or until - DEFAULT_SPAN
    if since >= until:
        raise BadRequest(f"from {since.isoformat()} is not before to {until.isoformat()}")
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
    return moment.astimezone(UTC)


def _equal(given: Mapping[str, str], names: tuple[str, ...]) -> tuple[list[str], list[str]]:
    chosen = [name for name in names if name in given]
    for name in chosen:
        if not given[name] or "\0" in given[name]:
            raise BadRequest(f"{name} is empty or no text")
    return [f"{name} = %s" for name in chosen], [given[name] for name in chosen]


def _limit(given: Mapping[str, str]) -> int:
    text = given.get("limit", str(DEFAULT_ROWS))
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text[:9]) <= MAX_ROWS:
        raise BadRequest(f"limit: 1 to {MAX_ROWS}")
    return int(text)


def _plain(value: object) -> object:
    """A value for JSON. Money is text, because a float would change it."""
    if isinstance(value, Decimal | UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value

"""Answers of `clicks` that must be read within a millisecond, from Postgres into Valkey.

Absolute values, so pushing again changes nothing; what was pushed is marked, so a push that failed
and a crash are made up for by the next one. What a node took and then lost (a failover, a second of
its file) is found by `verify` and made up for by a rebuild.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, LiteralString

from contracts import hot_keys
from contracts.applications import CLICK_ANSWERS
from contracts.money import MINOR_SCALE
from emr_jobs.kernel.metrics import Metrics
from emr_jobs.stores.answers import Pg
from emr_jobs.stores.valkey_cluster import Unavailable, Unit, ValkeyCluster, unit

logger = logging.getLogger(__name__)

MARK = "valkey"
_ROWS_AT_ONCE = 5_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Each user with a changed row: the newest of all that was viewed in the day before the last view.
_VIEWED: LiteralString = """
    SELECT u.user_id, v.product_id, v.viewed_at
    FROM (SELECT user_id, max(newest) AS newest FROM (
            SELECT DISTINCT user_id FROM recent_views
            WHERE changed_in > %(after)s AND changed_in <= %(upto)s) changed
          CROSS JOIN LATERAL (SELECT max(viewed_at) AS newest FROM recent_views r
                              WHERE r.user_id = changed.user_id) m
          WHERE newest > %(now)s - %(lasts)s GROUP BY user_id) u
    CROSS JOIN LATERAL (
      SELECT product_id, viewed_at FROM recent_views r
      WHERE r.user_id = u.user_id AND r.viewed_at > u.newest - %(lasts)s
      ORDER BY viewed_at DESC, product_id COLLATE "C" DESC LIMIT %(most)s) v
    ORDER BY u.user_id
"""
_PRODUCT_DAYS: LiteralString = """
    SELECT product_id, day, sum(views)::bigint, sum(carts)::bigint, sum(purchases)::bigint,
           json_object_agg(currency, (revenue * %(minor)s)::bigint)
    FROM product_activity JOIN (
      SELECT DISTINCT product_id, day FROM product_activity
      WHERE changed_in > %(after)s AND changed_in <= %(upto)s AND day > %(now)s - %(lasts)s
    ) changed USING (product_id, day)
    GROUP BY product_id, day
"""
# Whole hours: a set that was lost must not come back in part.
_TRENDING: LiteralString = """
    SELECT category, hour, product_id, score FROM trending JOIN (
      SELECT DISTINCT category, hour FROM trending
      WHERE changed_in > %(after)s AND changed_in <= %(upto)s AND hour > %(now)s - %(lasts)s
    ) changed USING (category, hour)
    ORDER BY category, hour
"""
# Held as long as the connection lives: a driver that was superseded goes on for a moment, and must
# not push what it has read before.
_ONE_PUSHER: LiteralString = "SELECT pg_try_advisory_lock(7205759404)"


class HotAnswers:
    """Pushes what changed since the last push."""

    def __init__(self, connection: Pg, cluster: ValkeyCluster, metrics: Metrics) -> None:
        self._connection, self._cluster, self._metrics = connection, cluster, metrics
        self._is_alone = False

    def publish(self, now: datetime) -> int:
        """Returns how many keys were written. A shard that takes nothing is waited for: the mark
        stays, and the next push tries again."""
        if not self._alone():
            return 0
        after, upto = self._mark(), self._latest()
        if upto == after:
            return 0
        try:
            written = sum(self._cluster.write(part) for part in self._units(after, upto, now))
        except Unavailable as problem:
            logger.warning("Valkey is behind: %s", problem)
            self._metrics.emit({"hot_answers_behind": upto - after})
            return 0
        # Reset meanwhile by a rebuild, the mark stays as it is: all is pushed again.
        self._connection.execute(
            "INSERT INTO published AS p (table_name, changed_in, closed_until) VALUES (%s, %s, %s) "
            "ON CONFLICT (table_name) DO UPDATE SET changed_in = excluded.changed_in, "
            "closed_until = excluded.closed_until WHERE p.changed_in = %s",
            (MARK, upto, now, after),
        )
        self._metrics.emit({"hot_answers_behind": 0})
        return written

    def _units(self, after: int, upto: int, now: datetime) -> Iterator[Iterator[Unit]]:
        span = {"after": after, "upto": upto, "now": now}
        yield _viewed(
            self._rows(
                _VIEWED,
                {**span, "lasts": hot_keys.VIEWED_LASTS, "most": hot_keys.VIEWED_NEWEST},
            )
        )
        minor = 10**MINOR_SCALE
        yield map(
            _product_day,
            self._rows(
                _PRODUCT_DAYS, {**span, "lasts": hot_keys.PRODUCT_DAY_LASTS, "minor": minor}
            ),
        )
        yield _trending(self._rows(_TRENDING, {**span, "lasts": hot_keys.TRENDING_LASTS}))

    def _rows(self, query: LiteralString, values: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
        """Rows by a cursor of the server: a rebuild reads tables that are larger than memory."""
        with self._connection.transaction(), self._connection.cursor(name="hot_answers") as cursor:
            cursor.itersize = _ROWS_AT_ONCE
            cursor.execute(query, values)
            yield from cursor

    def _alone(self) -> bool:
        if not self._is_alone:
            row = self._connection.execute(_ONE_PUSHER).fetchone()
            self._is_alone = bool(row and row[0])
        return self._is_alone

    def _mark(self) -> int:
        return self._number("SELECT changed_in FROM published WHERE table_name = %s", MARK)

    def _latest(self) -> int:
        return self._number(
            "SELECT max(sequence) FROM journal WHERE application = %s", CLICK_ANSWERS.name
        )

    def _number(self, query: LiteralString, value: str) -> int:
        row = self._connection.execute(query, (value,)).fetchone()
        return int(str(row[0])) if row and row[0] is not None else 0


def _viewed(rows: Iterator[tuple[Any, ...]]) -> Iterator[Unit]:
    for user_id, group in groupby(rows, key=lambda row: row[0]):
        views = [(_micros(viewed_at), product_id) for _, product_id, viewed_at in group]
        key = hot_keys.viewed(user_id)
        until = max(at for at, _ in views) // 1000 + _milliseconds(hot_keys.VIEWED_LASTS)
        scores = [word for view in views for word in view]
        yield unit(key, ("DEL", key), ("ZADD", key, *scores), ("PEXPIREAT", key, until))


def _product_day(row: tuple[Any, ...]) -> Unit:
    product_id, day, views, carts, purchases, revenue = row
    key = hot_keys.product_day(product_id, day)
    counts = ("views", views, "carts", carts, "purchases", purchases)
    money = [word for code in sorted(revenue) for word in (f"revenue:{code}", revenue[code])]
    until = _micros(day) // 1000 + _milliseconds(hot_keys.PRODUCT_DAY_LASTS)
    return unit(key, ("HSET", key, *counts, *money), ("PEXPIREAT", key, until))


def _trending(rows: Iterator[tuple[Any, ...]]) -> Iterator[Unit]:
    for (category, hour), group in groupby(rows, key=lambda row: (row[0], row[1])):
        key = hot_keys.trending(category, hour)
        scores = [word for _, _, product_id, score in group for word in (score, product_id)]
        until = _micros(hour) // 1000 + _milliseconds(hot_keys.TRENDING_LASTS)
        yield unit(key, ("ZADD", key, *scores), ("PEXPIREAT", key, until))


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _milliseconds(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)

"""Answers that must be read within a millisecond, from Postgres into Valkey.

Absolute values, so pushing again changes nothing. What was pushed is marked, so the next push makes
up for one that failed and for a crash. What a node took and then lost (a failover, a second of its
file) is found by `verify`, and a rebuild makes up for it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime
from itertools import chain, groupby
from typing import Any

from psycopg.rows import scalar_row

from contracts.applications import CLICK_ANSWERS
from contracts.hot_keys import HOT_STORE_MARK, HotHash, HotKeys, HotSet
from contracts.money import MINOR_SCALE
from contracts.tables.questions import ANSWERS
from contracts.times import micros_of
from emr_jobs.kernel.metrics import Metrics
from emr_jobs.stores.postgres import Pg
from emr_jobs.stores.progress import last_sequence
from emr_jobs.stores.valkey_cluster import Unavailable, Unit, ValkeyCluster, unit

logger = logging.getLogger(__name__)

_ROWS_AT_ONCE = 5_000
_MINOR_UNITS = 10**MINOR_SCALE
_CHANGED = "changed_in > %(after)s AND changed_in <= %(upto)s"
# The lock is held as long as the connection lives: a driver that was superseded goes on for a
# moment, and must not push what it has read before.
_ONE_PUSHER = "SELECT pg_try_advisory_lock(7205759404)"


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
        after, upto = self._mark(), last_sequence(self._connection, CLICK_ANSWERS.name)
        if upto == after:
            return 0
        try:
            written = sum(self._cluster.write(part) for part in self._units(after, upto, now))
        except Unavailable as problem:
            logger.warning("Valkey is behind: %s", problem)
            self._metrics.emit({"hot_answers_behind": upto - after})
            return 0
        # A rebuild may have reset the mark meanwhile. It then stays as it is: all is pushed again.
        self._connection.execute(
            "INSERT INTO published AS p (table_name, changed_in, closed_until) VALUES (%s, %s, %s) "
            "ON CONFLICT (table_name) DO UPDATE SET changed_in = excluded.changed_in, "
            "closed_until = excluded.closed_until WHERE p.changed_in = %s",
            (HOT_STORE_MARK, upto, now, after),
        )
        self._metrics.emit({"hot_answers_behind": 0})
        return written

    def _units(self, after: int, upto: int, now: datetime) -> Iterator[Iterator[Unit]]:
        for answer in ANSWERS:
            for keys in answer.hot:
                table = answer.table.name
                values = {"after": after, "upto": upto, "now": now, "lasts": keys.lasts}
                if isinstance(keys, HotHash):
                    yield _hashes(keys, self._rows(_hash_rows(table, keys), values))
                elif isinstance(keys, HotSet):
                    yield _sets(keys, self._rows(_set_rows(table, keys), values))

    def _rows(self, query: str, values: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
        """Rows by a cursor of the server: a rebuild reads tables that are larger than memory."""
        with self._connection.transaction(), self._connection.cursor(name="hot_answers") as cursor:
            cursor.itersize = _ROWS_AT_ONCE
            cursor.execute(query, values)
            yield from cursor

    def _alone(self) -> bool:
        self._is_alone = self._is_alone or bool(self._scalar(_ONE_PUSHER))
        return self._is_alone

    def _mark(self) -> int:
        return self._scalar(
            "SELECT changed_in FROM published WHERE table_name = %s", HOT_STORE_MARK
        )

    def _scalar(self, query: str, *values: str) -> int:
        cursor = self._connection.cursor(row_factory=scalar_row)
        found: int | None = cursor.execute(query, values).fetchone()
        return found or 0


def _set_rows(table: str, keys: HotSet) -> str:
    """The rows of each key with a changed row: key columns, moment, member and score. All rows of a
    key, because a set that was lost must not come back in part."""
    names = ", ".join(keys.columns)
    shown = f"{keys.moment} AS moment, {keys.member} AS member, {keys.score} AS score"
    if keys.newest is None:
        return (
            f"SELECT {names}, {shown} FROM {table} JOIN ({_changed_keys(table, keys)}) changed "
            f"USING ({names}) ORDER BY {names}"
        )
    same = " AND ".join(f"r.{name} = k.{name}" for name in keys.columns)
    return f"""
    SELECT {names}, moment, member, score FROM (
      SELECT k.*, newest FROM (SELECT DISTINCT {names} FROM {table} WHERE {_CHANGED}) k
      CROSS JOIN LATERAL (SELECT max({keys.moment}) AS newest FROM {table} r WHERE {same}) latest
      WHERE newest > %(now)s - %(lasts)s) k
    CROSS JOIN LATERAL (
      SELECT {shown} FROM {table} r WHERE {same} AND r.{keys.moment} > k.newest - %(lasts)s
      ORDER BY r.{keys.score} DESC, r.{keys.member} COLLATE "C" DESC LIMIT {keys.newest}) members
    ORDER BY {names}"""


def _hash_rows(table: str, keys: HotHash) -> str:
    """One row of each key with a changed row: key columns, moment, sums and, of each field of
    money, an object of minor units."""
    names = ", ".join(keys.columns)
    sums = [f"sum({name})::bigint" for name in keys.sums]
    money = [
        f"json_object_agg({by}, ({name} * {_MINOR_UNITS})::bigint)"
        for name, by in keys.money.items()
    ]
    return (
        f"SELECT {names}, {', '.join([f'max({keys.moment})', *sums, *money])} FROM {table} "
        f"JOIN ({_changed_keys(table, keys)}) changed USING ({names}) GROUP BY {names}"
    )


def _changed_keys(table: str, keys: HotKeys) -> str:
    names = ", ".join(keys.columns)
    return (
        f"SELECT DISTINCT {names} FROM {table} "
        f"WHERE {_CHANGED} AND {keys.moment} > %(now)s - %(lasts)s"
    )


def _sets(keys: HotSet, rows: Iterator[tuple[Any, ...]]) -> Iterator[Unit]:
    width = len(keys.columns)
    for values, group in groupby(rows, key=lambda row: row[:width]):
        key = keys.key(*values)
        moments, members, scores = zip(*(row[width:] for row in group), strict=True)
        # What falls out of the newest has to go; of other sets no member ever goes.
        gone = [("DEL", key)] if keys.newest else []
        scored = chain.from_iterable(zip(map(_number, scores), members, strict=True))
        yield unit(key, *gone, ("ZADD", key, *scored), _expiry(keys, key, max(moments)))


def _hashes(keys: HotHash, rows: Iterator[tuple[Any, ...]]) -> Iterator[Unit]:
    width = len(keys.columns)
    for row in rows:
        key, moment, measures = keys.key(*row[:width]), row[width], row[width + 1 :]
        fields = list(zip(keys.sums, measures, strict=False))
        for name, amounts in zip(keys.money, measures[len(keys.sums) :], strict=True):
            fields += [(f"{name}:{code}", amounts[code]) for code in sorted(amounts)]
        yield unit(key, ("HSET", key, *chain.from_iterable(fields)), _expiry(keys, key, moment))


def _expiry(keys: HotKeys, key: str, moment: datetime) -> tuple[str, str, int]:
    return "PEXPIREAT", key, micros_of(moment + keys.lasts) // 1000


def _number(score: Any) -> int:
    return micros_of(score) if isinstance(score, datetime) else score

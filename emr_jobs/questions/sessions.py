"""When did each user shop without a pause, and did it end in a purchase?

Grain: one row per (user_id, currency, session start). Partials are a batch's own sessions; they are
joined with the stored sessions that lie less than the gap away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from functools import reduce
from itertools import chain, groupby
from operator import attrgetter
from typing import Any, NamedTuple

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from contracts.tables.questions.sessions import ANSWER
from emr_jobs.kernel.merge import Fold, Row
from emr_jobs.kernel.question import Question, Settings
from emr_jobs.transforms.clicks import count_of, counted, counts, revenue
from emr_jobs.transforms.steps import Step

# Clicks that lie this long apart, or longer, belong to two sessions.
GAP = timedelta(minutes=30)


class Session(NamedTuple):
    """What one user did, in one currency, without a pause."""

    user_id: str
    currency: str
    started_at: datetime
    ended_at: datetime
    region: str
    events: int
    views: int
    carts: int
    purchases: int
    removals: int
    revenue: Decimal
    products: frozenset[str]

    @property
    def key(self) -> tuple[object, ...]:
        return self.user_id, self.currency, self.started_at


def prepare(_settings: Settings) -> Step:
    """A step from clicks to the sessions of these clicks alone."""
    in_order = Window.partitionBy("user_id", "currency").orderBy("event_time", "event_id")
    since = F.unix_micros("event_time") - F.lag(F.unix_micros("event_time")).over(in_order)
    begins = F.coalesce(since >= GAP // timedelta(microseconds=1), F.lit(False))
    number = F.sum(begins.cast("int")).over(
        in_order.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    )
    measures = (
        F.min("event_time").alias("started_at"),
        F.max("event_time").alias("ended_at"),
        F.min("region").alias("region"),
        F.count(F.lit(1)).alias("events"),
        *counts(),
        count_of("remove_from_cart").alias("removals"),
        revenue().alias("revenue"),
        F.array_sort(F.collect_set("product_id")).alias("products"),
    )

    def reduced(clicks: DataFrame) -> DataFrame:
        numbered = counted(clicks).withColumn("number", number)
        return numbered.groupBy("user_id", "currency", "number").agg(*measures).drop("number")

    return reduced


def joined(sessions: Iterable[Session]) -> Iterator[Session]:
    """The sessions of one user and currency, with each chain of those less than the gap apart made
    one. The order of `sessions`, and how they were cut into parts, do not matter."""
    chained: list[Session] = []
    end: datetime | None = None
    for session in sorted(sessions, key=lambda each: (each.started_at, each.ended_at)):
        if end is not None and session.started_at - end >= GAP:
            yield reduce(_both, chained)
            chained, end = [], None
        chained.append(session)
        end = session.ended_at if end is None else max(end, session.ended_at)
    if chained:
        yield reduce(_both, chained)


def _both(one: Session, other: Session) -> Session:
    return one._replace(
        started_at=min(one.started_at, other.started_at),
        ended_at=max(one.ended_at, other.ended_at),
        region=min(one.region, other.region),
        events=one.events + other.events,
        views=one.views + other.views,
        carts=one.carts + other.carts,
        purchases=one.purchases + other.purchases,
        removals=one.removals + other.removals,
        revenue=one.revenue + other.revenue,
        products=one.products | other.products,
    )


def _join(
    stored: Iterable[tuple[Any, ...]], partials: Iterable[tuple[Any, ...]]
) -> Iterator[tuple[Any, ...]]:
    """The joined sessions, and each stored one that has become part of an earlier one: emptied."""
    touched = list(map(_session, stored))
    owner = attrgetter("user_id", "currency")
    alive = set()
    for _, own in groupby(sorted(chain(touched, map(_session, partials)), key=owner), key=owner):
        for session in joined(own):
            alive.add(session.key)
            yield *session[:-1], sorted(session.products), session.ended_at + GAP, False
    for session in touched:
        if session.key not in alive:
            emptied = session._replace(
                events=0, views=0, carts=0, purchases=0, removals=0, revenue=Decimal(0)
            )
            yield *emptied[:-1], [], session.ended_at + GAP, True


def _session(values: tuple[Any, ...]) -> Session:
    return Session._make((*values[:-1], frozenset(values[-1])))


def _is_touched(stored: Row, partial: Row) -> bool:
    return (
        (stored["user_id"], stored["currency"]) == (partial["user_id"], partial["currency"])
        and bool(stored["ended_at"] > partial["started_at"] - GAP)
        and bool(stored["started_at"] < partial["ended_at"] + GAP)
    )


def _join_sql(partials: str) -> str:
    """`_join` over the table `partials`: rows that lie near one another in their order of time are
    a chain, and a chain is named by its start, which is the key of the session that it becomes.

    Stored sessions lie apart, so those that a partial touches are the last one that starts no later
    and the ones after it. Each is read through the key's index whatever the planner believes of the
    two tables: `OFFSET 0` keeps the look-up a look-up. A row is repeated for each of its products
    to unite them; `n` tells that it counts once."""
    given, sums = ", ".join(Session._fields), Session._fields[5:-1]
    in_order = "PARTITION BY user_id, currency ORDER BY started_at, ended_at"
    totals = ", ".join(f"sum({each}) FILTER (WHERE coalesce(n, 1) = 1)" for each in sums)
    return f"""WITH touched AS (
  SELECT DISTINCT ON (user_id, currency, started_at) stored.*
  FROM {partials} partial CROSS JOIN LATERAL (
    SELECT {given} FROM sessions stored
    WHERE NOT absorbed AND user_id = partial.user_id AND currency = partial.currency
      AND ended_at > partial.started_at - {_GAP_SQL} AND started_at < partial.ended_at + {_GAP_SQL}
      AND started_at >= coalesce((
        SELECT started_at FROM sessions earlier
        WHERE NOT absorbed AND user_id = partial.user_id AND currency = partial.currency
          AND started_at <= partial.started_at
        ORDER BY started_at DESC LIMIT 1), partial.started_at)
    OFFSET 0
  ) stored
), marked AS (
  SELECT *, coalesce(started_at - max(ended_at) OVER earlier >= {_GAP_SQL}, true) AS begins
  FROM (
    SELECT *, true AS is_stored FROM touched UNION ALL SELECT {given}, false FROM {partials}
  ) every
  WINDOW earlier AS ({in_order} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
), chained AS MATERIALIZED (
  SELECT *, max(started_at) FILTER (WHERE begins) OVER so_far AS chain
  FROM marked WINDOW so_far AS ({in_order} ROWS UNBOUNDED PRECEDING)
)
SELECT user_id, currency, chain, max(ended_at), min(region COLLATE "C"), {totals},
  coalesce(array_agg(DISTINCT product COLLATE "C") FILTER (WHERE n IS NOT NULL), '{{}}'),
  max(ended_at) + {_GAP_SQL}, false
FROM chained LEFT JOIN LATERAL unnest(products) WITH ORDINALITY AS one(product, n) ON true
GROUP BY user_id, currency, chain
UNION ALL
SELECT user_id, currency, started_at, ended_at, region, {", ".join("0" for _ in sums)}, '{{}}',
  ended_at + {_GAP_SQL}, true
FROM chained WHERE is_stored AND started_at <> chain"""


_GAP_SQL = f"interval '{GAP // timedelta(seconds=1)} seconds'"
QUESTION = Question(
    ANSWER,
    prepare,
    Fold(
        ANSWER.table,
        given=Session._fields,
        is_touched=_is_touched,
        emptied="absorbed",
        join=_join,
        join_sql=_join_sql,
    ),
)

"""Publish answers to the lake's gold tables: whole days, so publishing again changes nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce

from pyspark.sql import Column, DataFrame, SparkSession

from contracts.tables import ALERTS, ORDER_METRICS, Table
from contracts.tables.click_answers import SESSIONS
from contracts.tables.lake import GOLD_FRAUD_ALERTS, GOLD_ORDER_METRICS, GOLD_SESSIONS
from emr_jobs.kernel.metrics import Metrics
from emr_jobs.spark.turns import Turns
from emr_jobs.stores.answers import Pg
from emr_jobs.stores.jdbc import JdbcEndpoint, query
from emr_jobs.stores.lake import LakeTable
from emr_jobs.transforms.partitions import between, contiguous

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Publication:
    """Answers of `application` that go to a gold table; `closes` names the time from which a row is
    published, if it has one, and `only` is a condition for it."""

    answers: Table
    gold: Table
    application: str
    day_of: str
    closes: str | None
    only: str = "true"


PUBLICATIONS = (
    Publication(ORDER_METRICS, GOLD_ORDER_METRICS, "orders", "window_start", "closed_at"),
    Publication(ALERTS, GOLD_FRAUD_ALERTS, "orders", "event_time", None),
    # One that a late click opens again is published anew when it closes.
    Publication(SESSIONS, GOLD_SESSIONS, "clicks", "started_at", "closed_at", "NOT absorbed"),
)


class GoldPublisher:
    """Brings the gold tables up to what Postgres holds."""

    def __init__(
        self,
        spark: SparkSession,
        connection: Pg,
        jdbc: Callable[[], JdbcEndpoint],
        metrics: Metrics,
        turns: Turns,
    ) -> None:
        self._spark = spark
        self._turns = turns
        self._connection = connection
        self._jdbc = jdbc
        self._tables = {
            each.gold.name: LakeTable(spark, each.gold, metrics) for each in PUBLICATIONS
        }
        for table in self._tables.values():
            table.create()

    def publish(self, now: datetime) -> int:
        """Republish each day with rows that changed or closed since; returns how many days."""
        return sum(self._publish(each, now) for each in PUBLICATIONS)

    def _publish(self, of: Publication, now: datetime) -> int:
        changed_in, closed_until = self._marker(of)
        latest = self._latest(of)
        days = self._days(of, changed_in, latest, closed_until, now)
        if days:
            with self._turns.one():
                self._tables[of.gold.name].replace(self._rows(of, days, now), _where(of, days))
            logger.info("%s: %s days published", of.gold.name, len(days))
        if days or latest > changed_in or of.closes:
            self._connection.execute(
                "INSERT INTO published (table_name, changed_in, closed_until) VALUES (%s, %s, %s) "
                "ON CONFLICT (table_name) DO UPDATE SET changed_in = excluded.changed_in, "
                "closed_until = excluded.closed_until",
                (of.gold.name, latest, now),
            )
        return len(days)

    def _marker(self, of: Publication) -> tuple[int, datetime | None]:
        row = self._connection.execute(
            "SELECT changed_in, closed_until FROM published WHERE table_name = %s", (of.gold.name,)
        ).fetchone()
        if row is None:
            return 0, None
        assert isinstance(row[1], datetime)
        return int(str(row[0])), row[1]

    def _latest(self, of: Publication) -> int:
        row = self._connection.execute(
            "SELECT coalesce(max(sequence), 0) FROM journal WHERE application = %s",
            (of.application,),
        ).fetchone()
        assert row is not None
        return int(str(row[0]))

    def _days(
        self,
        of: Publication,
        changed_in: int,
        latest: int,
        closed_until: datetime | None,
        now: datetime,
    ) -> list[date]:
        """Days with a row that changed up to `latest` or closed since the last publication."""
        touched = "(changed_in > %(after)s AND changed_in <= %(latest)s)"
        if of.closes:
            touched = (
                f"({touched} OR ({of.closes} > %(since)s AND {of.closes} <= %(now)s)) "
                f"AND {of.closes} <= %(now)s"
            )
        rows = self._connection.execute(
            f"SELECT DISTINCT ({of.day_of} AT TIME ZONE 'UTC')::date FROM {of.answers.name} "
            f"WHERE {touched} ORDER BY 1",
            {"after": changed_in, "latest": latest, "since": closed_until or now, "now": now},
        ).fetchall()
        return [row[0] for row in rows if isinstance(row[0], date)]

    def _rows(self, of: Publication, days: list[date], now: datetime) -> DataFrame:
        conditions = " OR ".join(
            f"({of.day_of} >= '{first}T00:00:00Z' AND {of.day_of} < '{end}T00:00:00Z')"
            for first, end in contiguous(days)
        )
        closed = f" AND {of.closes} <= '{now.isoformat()}'" if of.closes else ""
        return query(
            self._spark,
            self._jdbc(),
            of.gold,
            f"FROM {of.answers.name} WHERE ({conditions}){closed} AND {of.only}",
        )


def _where(of: Publication, days: list[date]) -> Column:
    return reduce(
        Column.__or__, [between(of.day_of, first, end) for first, end in contiguous(days)]
    )

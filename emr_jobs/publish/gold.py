"""Publish answers to the lake's gold tables: whole days, so publishing again changes nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce

from psycopg.rows import class_row, scalar_row
from pyspark.sql import Column, DataFrame, SparkSession

from contracts.tables.answer import Answer, Gold
from contracts.tables.columns import Table
from contracts.tables.questions import ANSWERS
from emr_jobs.kernel.metrics import Metrics
from emr_jobs.spark.turns import Turns
from emr_jobs.stores.jdbc import JdbcEndpoint, query
from emr_jobs.stores.lake import LakeTable
from emr_jobs.stores.postgres import Pg
from emr_jobs.stores.progress import last_sequence
from emr_jobs.transforms.partitions import between, contiguous

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Publication:
    """An answer that goes to the lake, and its table there."""

    answer: Answer
    gold: Gold
    table: Table


PUBLICATIONS = tuple(
    Publication(answer, answer.gold, answer.gold_table)
    for answer in ANSWERS
    if answer.gold and answer.gold_table
)


@dataclass(frozen=True)
class _Mark:
    """What of an answer is published: changes up to a batch, and rows closed up to a time."""

    changed_in: int
    closed_until: datetime | None


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
            each.table.name: LakeTable(spark, each.table, metrics) for each in PUBLICATIONS
        }
        for table in self._tables.values():
            table.create()

    def publish(self, now: datetime) -> int:
        """Republish each day with rows that changed or closed since; returns how many days."""
        return sum(self._publish(each, now) for each in PUBLICATIONS)

    def _publish(self, publication: Publication, now: datetime) -> int:
        name = publication.table.name
        mark = self._mark(name)
        latest = last_sequence(self._connection, publication.answer.application)
        days = self._days(publication, mark, latest, now)
        if days:
            on_days = [between(publication.gold.day, *each) for each in contiguous(days)]
            with self._turns.one():
                self._tables[name].replace(
                    self._rows(publication, days, now), reduce(Column.__or__, on_days)
                )
            logger.info("%s: %s days published", name, len(days))
        if days or latest > mark.changed_in or publication.answer.closes:
            self._connection.execute(
                "INSERT INTO published (table_name, changed_in, closed_until) VALUES (%s, %s, %s) "
                "ON CONFLICT (table_name) DO UPDATE SET changed_in = excluded.changed_in, "
                "closed_until = excluded.closed_until",
                (name, latest, now),
            )
        return len(days)

    def _mark(self, name: str) -> _Mark:
        found = (
            self._connection.cursor(row_factory=class_row(_Mark))
            .execute(
                "SELECT changed_in, closed_until FROM published WHERE table_name = %s", (name,)
            )
            .fetchone()
        )
        return found or _Mark(0, None)

    def _days(
        self, publication: Publication, mark: _Mark, latest: int, now: datetime
    ) -> list[date]:
        """Days with a row that changed up to `latest` or closed since the last publication."""
        touched = "(changed_in > %(after)s AND changed_in <= %(latest)s)"
        if closes := publication.answer.closes:
            touched = (
                f"({touched} OR ({closes} > %(since)s AND {closes} <= %(now)s)) "
                f"AND {closes} <= %(now)s"
            )
        statement = (
            f"SELECT DISTINCT ({publication.gold.day} AT TIME ZONE 'UTC')::date "
            f"FROM {publication.answer.table.name} WHERE {touched} ORDER BY 1"
        )
        return (
            self._connection.cursor(row_factory=scalar_row)
            .execute(
                statement,
                {
                    "after": mark.changed_in,
                    "latest": latest,
                    "since": mark.closed_until or now,
                    "now": now,
                },
            )
            .fetchall()
        )

    def _rows(self, publication: Publication, days: list[date], now: datetime) -> DataFrame:
        answer, day = publication.answer, publication.gold.day
        on_days = " OR ".join(
            f"({day} >= '{first}T00:00:00Z' AND {day} < '{end}T00:00:00Z')"
            for first, end in contiguous(days)
        )
        closed = f" AND {answer.closes} <= '{now.isoformat()}'" if answer.closes else ""
        return query(
            self._spark,
            self._jdbc(),
            publication.table,
            f"FROM {answer.table.name} WHERE ({on_days}){closed} AND {publication.gold.only}",
        )

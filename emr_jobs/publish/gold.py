"""Publish answers to the lake's gold tables: whole files, so publishing again changes nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from psycopg.rows import class_row
from pyspark.sql import SparkSession

from contracts.tables.questions import ANSWERS
from emr_jobs.kernel.metrics import Metrics
from emr_jobs.publish.published_rows import Mark, Publication, PublishedRows
from emr_jobs.spark.turns import Turns
from emr_jobs.stores.jdbc import JdbcEndpoint, query
from emr_jobs.stores.lake import LakeTable, Rows
from emr_jobs.stores.postgres import Pg
from emr_jobs.stores.progress import last_sequence
from emr_jobs.transforms.slices import (
    Slice,
    days_of,
    slices_of,
    whole_days,
    within_slices,
)
from emr_jobs.transforms.spans import Span

logger = logging.getLogger(__name__)

# Beyond so many days, files are not looked at: a backlog rewrites whole days at once.
_MOST_DAYS = 32
# Beyond so many parts the filter costs more to plan than it saves.
_MOST_PARTS = 200

PUBLICATIONS = tuple(
    Publication(answer, answer.gold, answer.gold_table)
    for answer in ANSWERS
    if answer.gold and answer.gold_table
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
            each.table.name: LakeTable(spark, each.table, metrics) for each in PUBLICATIONS
        }
        for table in self._tables.values():
            table.create()

    def publish(self, now: datetime) -> int:
        """Republish what changed or closed since; returns how many parts of tables."""
        return sum(self._publish(each, now) for each in PUBLICATIONS)

    def _publish(self, publication: Publication, now: datetime) -> int:
        name = publication.table.name
        mark = self._mark(name)
        latest = last_sequence(self._connection, publication.answer.application)
        published = PublishedRows(self._connection, publication, now)
        changed = published.since(mark, latest)
        parts: tuple[Slice, ...] = ()
        if changed:
            with self._turns.one():
                parts = self._write(publication, published, changed)
            logger.info("%s: %s parts published", name, len(parts))
        if changed or latest > mark.changed_in or publication.answer.closes:
            self._connection.execute(
                "INSERT INTO published (table_name, changed_in, closed_until) VALUES (%s, %s, %s) "
                "ON CONFLICT (table_name) DO UPDATE SET changed_in = excluded.changed_in, "
                "closed_until = excluded.closed_until",
                (name, latest, now),
            )
        return len(parts)

    def _write(
        self, publication: Publication, published: PublishedRows, changed: list[Span]
    ) -> tuple[Slice, ...]:
        table = self._tables[publication.table.name]
        parts: tuple[Slice, ...] = ()
        days = days_of(changed)
        if len(days) <= _MOST_DAYS:
            parts = slices_of(table.file_spans(publication.gold.day, days), changed)
        if few := 0 < len(parts) <= _MOST_PARTS:
            tasks = published.tasks(parts)
        else:
            parts, tasks = whole_days(changed), ["true"]
        rows = query(self._spark, self._jdbc(), publication.table, published.rows_of(parts), tasks)
        table.replace(Rows(rows, few), within_slices(publication.gold.day, parts))
        return parts

    def _mark(self, name: str) -> Mark:
        found = (
            self._connection.cursor(row_factory=class_row(Mark))
            .execute(
                "SELECT changed_in, closed_until FROM published WHERE table_name = %s", (name,)
            )
            .fetchone()
        )
        return found or Mark(0, None)

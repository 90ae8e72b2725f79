"""Publish answers to the lake's gold tables: whole files, so publishing again changes nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from psycopg.rows import class_row
from pyspark.sql import SparkSession

from contracts.tables.questions import ANSWERS
from emr_jobs.kernel.errors import Conflict
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
# Beyond so many tasks, each of which asks Postgres, one that reads all is quicker.
_MOST_TASKS = 64
# How often files are looked at before whole days are written, which hold every file whole.
_TRIES = 3
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
        for _ in range(_TRIES):
            parts, tasks = self._parts(publication, published, changed)
            with suppress(Conflict):
                self._replace(publication, published, parts, tasks)
                return parts
            # Maintenance made one file of several since their spans were read.
        parts = whole_days(changed)
        self._replace(publication, published, parts, [])
        return parts

    def _parts(
        self, publication: Publication, published: PublishedRows, changed: list[Span]
    ) -> tuple[tuple[Slice, ...], list[str]]:
        """The parts to write, and a condition for each task; no tasks where whole days are."""
        days, time = days_of(changed), publication.gold.day
        if len(days) <= _MOST_DAYS:
            parts = slices_of(self._tables[publication.table.name].file_spans(time, days), changed)
            if len(parts) <= _MOST_PARTS and len(tasks := published.tasks(parts)) <= _MOST_TASKS:
                return parts, tasks
        return whole_days(changed), []

    def _replace(
        self,
        publication: Publication,
        published: PublishedRows,
        parts: tuple[Slice, ...],
        tasks: list[str],
    ) -> None:
        rows = query(
            self._spark,
            self._jdbc(),
            publication.table,
            published.rows_of(parts),
            tasks or ["true"],
        )
        where = within_slices(publication.gold.day, parts)
        self._tables[publication.table.name].replace(Rows(rows, bool(tasks)), where)

    def _mark(self, name: str) -> Mark:
        found = (
            self._connection.cursor(row_factory=class_row(Mark))
            .execute(
                "SELECT changed_in, closed_until FROM published WHERE table_name = %s", (name,)
            )
            .fetchone()
        )
        return found or Mark(0, None)

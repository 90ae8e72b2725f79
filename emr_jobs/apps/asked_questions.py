"""The questions that an application asks of its events, and how the answers are stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame

from contracts.applications import Application
from contracts.codec import encode
from contracts.events import Event, key_of, topic_of
from contracts.registry import Registry
from contracts.tables.columns import Table
from emr_jobs.kernel.merge import Merge, row_key
from emr_jobs.kernel.question import Question, Settings
from emr_jobs.publish.outbox import PostgresOutbox
from emr_jobs.questions import questions_of
from emr_jobs.spark.threads import in_thread
from emr_jobs.stores.arrow_copy import arrow_schema
from emr_jobs.stores.postgres_merge import insert_new, merge_partials, partials_found, staging_of
from emr_jobs.stores.progress import Commit


@dataclass(frozen=True)
class AskedQuestion:
    """A question, and its step from new events to partial answers."""

    question: Question[Any]
    partials: Callable[[Any], Any]


def ask(application: Application, settings: Settings) -> tuple[AskedQuestion, ...]:
    """Every question of an application, prepared for all its batches."""
    return tuple(
        AskedQuestion(each, each.prepare(settings)) for each in questions_of(application.name)
    )


class QuestionPool:
    """Every question of an application, answered side by side: a question takes few tasks, and
    between its jobs a core is idle."""

    def __init__(self, application: Application, settings: Settings) -> None:
        self._asked = ask(application, settings)
        self._pool = ThreadPoolExecutor(len(self._asked), thread_name_prefix="answers")

    def partials(self, events: DataFrame) -> Iterator[tuple[Question[Any], pa.Table]]:
        """Begin at once; give the partial answers question by question, each when it is there. All
        have ended when the iterator has."""
        reduce = in_thread(events.sparkSession, lambda each: each.partials(events).toArrow())
        begun = [(each.question, self._pool.submit(reduce, each)) for each in self._asked]

        def each_when_there() -> Iterator[tuple[Question[Any], pa.Table]]:
            try:
                for question, partials in begun:
                    yield question, partials.result()
            finally:
                wait(partials for _, partials in begun)

        return each_when_there()


class AnswerWriter:
    """Stores answers in the transaction of their batch. The new events of a batch are staged for
    the table `ids`, where questions look back on them."""

    def __init__(
        self,
        application: Application,
        settings: Settings,
        registry: Registry,
        ids: Table | None = None,
    ) -> None:
        self._application = application.name
        self._questions = questions_of(application.name)
        self._schemas = {each.name: registry.latest(each.schema) for each in application.writes}
        self._looking_back = [
            (each, each.look_back(settings, staging_of(ids.name)))
            for each in self._questions
            if ids and each.look_back
        ]

    def look_back(self, commit: Commit) -> None:
        """Merge what Postgres finds by looking at the batch's new events and earlier ones."""
        for question, statements in self._looking_back:
            assert isinstance(question.merge, Merge)
            found = [partials_found(commit.connection, question.merge, each) for each in statements]
            if found:
                self.merge(commit, question, pa.concat_tables(found))

    def merge(self, commit: Commit, question: Question[Any], partials: pa.Table) -> None:
        """Merge partial answers, and count the keys that they touch."""
        rows = _completed(question, partials)
        if question.announces is None:
            touched = merge_partials(commit.connection, question.merge, rows, commit.sequence)
        else:
            touched = self._announce(commit, question, rows)
        commit.counts[question.name] = commit.counts.get(question.name, 0) + touched

    def announced(self, commit: Commit) -> int:
        """How many rows of the batch are announced."""
        return sum(commit.counts.get(each.name, 0) for each in self._questions if each.announces)

    def _announce(self, commit: Commit, question: Question[Any], rows: pa.Table) -> int:
        assert question.announces is not None and isinstance(question.merge, Merge)
        new = insert_new(commit.connection, question.merge, rows, commit.sequence)
        events = {
            key: question.announces(row)
            for row in rows.to_pylist()
            if (key := row_key(question.answer.table, row)) in new
        }
        PostgresOutbox(commit.connection, self._application).enqueue(
            [self._message(event) for event in events.values()]
        )
        return len(new)

    def _message(self, event: Event) -> tuple[str, bytes, bytes]:
        topic = topic_of(event).name
        return topic, key_of(event), encode(event, self._schemas[topic])


def _completed(question: Question[Any], partials: pa.Table) -> pa.Table:
    """The partials with the columns that are derived from a row's others."""
    for field in arrow_schema(question.answer.table, question.derived):
        values = [question.derived[field.name](row) for row in partials.to_pylist()]
        partials = partials.append_column(field, pa.array(values, field.type))
    return partials

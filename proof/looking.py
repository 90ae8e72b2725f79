"""One look at the counters of a running pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import sql
from psycopg.rows import class_row, scalar_row

from contracts.hot_keys import HOT_STORE_MARK
from contracts.tables.answer import Answer
from contracts.tables.questions import ANSWERS
from contracts.topics import topic_id_text
from proof.waiting import Counters
from readers.kafka import PartitionOffsets
from readers.postgres import Pg

# Rows that closed this long ago must be in the lake: ingest publishes with every trigger.
PUBLISH_SECONDS = 60

# A row of an answer that closes is in gold when the lake's mark has passed both the row's last
# change and its closing.
_CLOSING = """
    SELECT count(*) FROM {answers} m
    LEFT JOIN published p ON p.table_name = %(gold)s
    WHERE m.{closes} <= to_timestamp(%(closed)s)
        AND (m.changed_in <= p.changed_in AND m.{closes} <= p.closed_until) IS NOT TRUE
      OR m.{closes} <= p.closed_until AND m.changed_in > p.changed_in
"""
_CHANGING = """
    SELECT count(*) FROM {answers} m
    LEFT JOIN published p ON p.table_name = %(gold)s
    WHERE (m.changed_in <= p.changed_in) IS NOT TRUE
"""
# Batches of the applications whose answers go to the hot store.
_NOT_IN_HOT_STORE = """
    SELECT greatest(0, coalesce((SELECT max(sequence) FROM journal
                                 WHERE application = ANY(%(applications)s)), 0)
      - coalesce((SELECT changed_in FROM published WHERE table_name = %(mark)s), 0))
"""
_UNSENT = "SELECT count(*) FROM outbox WHERE sent_at IS NULL"
_PROGRESS = "SELECT application, topic_id, partition, until FROM progress"
_JOURNAL = "SELECT application AS name, max(sequence) AS last FROM journal GROUP BY application"
_STATES = "SELECT name, state, detail FROM applications"


@dataclass(frozen=True)
class _Progress:
    application: str
    topic_id: str
    partition: int
    until: int


@dataclass(frozen=True)
class _LastBatch:
    name: str
    last: int


@dataclass(frozen=True)
class _State:
    name: str
    state: str
    detail: str


def look(postgres: Pg, partitions: tuple[PartitionOffsets, ...], now: float) -> Counters:
    """The counters of Postgres beside `partitions`, which were read first: what is applied can then
    only be newer than what was there to apply. `now` is in epoch seconds."""
    with postgres.transaction():
        progress = postgres.cursor(row_factory=class_row(_Progress)).execute(_PROGRESS)
        batches = postgres.cursor(row_factory=class_row(_LastBatch)).execute(_JOURNAL)
        states = postgres.cursor(row_factory=class_row(_State)).execute(_STATES)
        return Counters(
            partitions,
            {(p.application, topic_id_text(p.topic_id), p.partition): p.until for p in progress},
            _count(postgres, sql.SQL(_UNSENT)),
            _unpublished(postgres, now),
            {batch.name: batch.last for batch in batches},
            {each.name: (each.state, each.detail) for each in states},
        )


def _unpublished(postgres: Pg, now: float) -> Mapping[str, int]:
    """What the lake and the hot store do not show yet, by the mark of its publication."""
    found = {}
    for answer in ANSWERS:
        if gold := answer.gold_table:
            values = {"gold": gold.name, "closed": now - PUBLISH_SECONDS}
            found[gold.name] = _count(postgres, _unpublished_rows(answer), values)
    hot = {answer.application for answer in ANSWERS if answer.hot}
    marks = {"applications": sorted(hot), "mark": HOT_STORE_MARK}
    return found | {HOT_STORE_MARK: _count(postgres, sql.SQL(_NOT_IN_HOT_STORE), marks)}


def _unpublished_rows(answer: Answer) -> sql.Composed:
    answers = sql.Identifier(answer.table.name)
    if answer.closes is None:
        return sql.SQL(_CHANGING).format(answers=answers)
    return sql.SQL(_CLOSING).format(answers=answers, closes=sql.Identifier(answer.closes))


def _count(
    postgres: Pg, statement: sql.SQL | sql.Composed, values: Mapping[str, Any] | None = None
) -> int:
    cursor = postgres.cursor(row_factory=scalar_row)
    return int(cursor.execute(statement, values).fetchone() or 0)

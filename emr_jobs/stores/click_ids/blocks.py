"""Blocks of ids in Postgres: the rows of `click_id_blocks`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime

from contracts.applications import CLICK_ANSWERS, INGEST
from emr_jobs.stores.click_ids.marks import BlockKey
from emr_jobs.stores.click_ids.remembering import IdBlock
from emr_jobs.stores.postgres import Pg

_SINCE = """
    SELECT sequence, topic_id, "partition", ids FROM click_id_blocks
    WHERE sequence > %s ORDER BY sequence
"""
_READ = """
    SELECT sequence, topic_id, "partition", ids
    FROM unnest(%s::bigint[], %s::text[], %s::integer[]) AS wanted(sequence, topic_id, "partition")
    JOIN click_id_blocks USING (sequence, topic_id, "partition")
"""
_INSERT = """
    INSERT INTO click_id_blocks (sequence, topic_id, "partition", until, newest, ids)
    VALUES (%s, %s, %s, %s, %s, %b)
"""
_ANY_WITHIN = """
    SELECT EXISTS (SELECT FROM click_id_blocks WHERE sequence BETWEEN first AND last)
    FROM unnest(%s::bigint[], %s::bigint[]) WITH ORDINALITY AS span(first, last, number)
    ORDER BY number
"""
# Silver may elect any copy that `ingest` has read. An id is left to silver alone when this
# application has applied all that `ingest` has read. That holds for a topic that is gone, too: of
# an event that `ingest` had not read there, silver elects a later copy.
_FORGET = """
    DELETE FROM click_id_blocks b
    WHERE b.newest < %(before)s
      AND EXISTS (
        SELECT FROM progress i
        WHERE i.application = %(ingest)s AND i.topic_id = b.topic_id
          AND i."partition" = b."partition" AND i.until >= b.until)
      AND NOT EXISTS (
        SELECT FROM progress i LEFT JOIN progress m
          ON m.application = %(clicks)s AND m.topic_id = i.topic_id
          AND m."partition" = i."partition"
        WHERE i.application = %(ingest)s AND i.topic_id = %(topic_id)s
          AND i.until > coalesce(m.until, 0))
"""
# Ten minutes of a partition make a block. It is numbered before all that batches have made.
_MOVE = """
    WITH moved AS (DELETE FROM click_ids RETURNING *),
    binned AS (
        SELECT *, date_bin('10 minutes', append_time, 'epoch') AS bin FROM moved)
    INSERT INTO click_id_blocks (sequence, topic_id, "partition", until, newest, ids)
    SELECT (SELECT least(min(sequence), 0) FROM click_id_blocks)
             - dense_rank() OVER (ORDER BY bin DESC),
           topic_id, "partition", max("offset") + 1, max(append_time),
           string_agg(uuid_send(event_id), ''::bytea)
    FROM binned GROUP BY bin, topic_id, "partition"
"""


class PostgresBlocks:
    """The blocks, through the connection that is in the transaction."""

    def since(self, connection: Pg, sequence: int | None) -> Iterator[tuple[BlockKey, bytes]]:
        if sequence is None:
            connection.execute(_MOVE)
        # The lowest number that there is, for all of them.
        return _blocks(connection, _SINCE, (-(2**63) if sequence is None else sequence,))

    def read(self, connection: Pg, keys: Collection[BlockKey]) -> Iterator[tuple[BlockKey, bytes]]:
        return _blocks(connection, _READ, tuple(map(list, zip(*keys, strict=True))))

    def insert(self, connection: Pg, blocks: Iterable[IdBlock]) -> None:
        with connection.cursor() as cursor:
            cursor.executemany(
                _INSERT, [(*each.key, each.until, each.newest, each.ids) for each in blocks]
            )

    def any_within(self, connection: Pg, spans: Sequence[tuple[int, int]]) -> list[bool]:
        bounds = [list(each) for each in zip(*spans, strict=True)]
        return [found for (found,) in connection.execute(_ANY_WITHIN, bounds).fetchall()]

    def forget(self, connection: Pg, topic_id: str, before: datetime) -> int:
        return connection.execute(
            _FORGET,
            {
                "before": before,
                "topic_id": topic_id,
                "ingest": INGEST.name,
                "clicks": CLICK_ANSWERS.name,
            },
        ).rowcount


def _blocks(
    connection: Pg, query: str, parameters: Sequence[object]
) -> Iterator[tuple[BlockKey, bytes]]:
    """Row by row, because all of them may be more than memory holds."""
    with connection.cursor(binary=True) as cursor:
        for *key, ids in cursor.stream(query, parameters):
            yield BlockKey(*key), ids

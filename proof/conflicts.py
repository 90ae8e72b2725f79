"""Duplicates whose content is not their twin's: two different events under one id."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from contracts.codec import decode_record
from contracts.events import content
from contracts.registry import Registry
from contracts.rejections import Rejection
from contracts.topics import SOURCES
from readers.filling import fill, read

# Values are read for the records that were sent again, and only for those.
_PAIRS = """
    SELECT d.topic, d.topic_id, d.partition, d.number, d.event_id,
           own.value AS own, twin.value AS twin
    FROM duplicate d
    JOIN bronze.events own
      ON own.topic_id = d.topic_id AND own.partition = d.partition AND own."offset" = d.number
    JOIN bronze.events twin
      ON twin.topic_id = d.twin_topic_id AND twin.partition = d.twin_partition
     AND twin."offset" = d.twin_number
    WHERE own.value IS DISTINCT FROM twin.value
"""


def find_conflicts(connection: duckdb.DuckDBPyConnection, registry: Registry) -> int:
    """Fill ``conflicts`` with the fields that differ between a duplicate and its twin."""
    connection.execute(f"CREATE OR REPLACE TABLE duplicate_pair AS {_PAIRS}")
    (pairs,) = connection.execute("SELECT count(*) FROM duplicate_pair").fetchone() or (0,)
    found = fill(connection, "conflicts", _differing(connection, registry)) if pairs else 0
    connection.execute("DROP TABLE duplicate_pair")
    return found


def _differing(
    connection: duckdb.DuckDBPyConnection, registry: Registry
) -> Iterator[tuple[object, ...]]:
    for batch in read(connection, "FROM duplicate_pair"):
        for name, topic_id, partition, number, event_id, own, twin in batch:
            fields = _difference(str(name), own, twin, registry)
            if fields:
                yield name, topic_id, partition, number, event_id, fields


def _difference(name: str, own: object, twin: object, registry: Registry) -> str:
    known = next((topic for topic in SOURCES if topic.name == name), None)
    if known is None:
        return f"cannot be decoded: no topic {name}"
    records = [
        decode_record(known, value if isinstance(value, bytes) else None, registry)
        for value in (own, twin)
    ]
    for record in records:
        if isinstance(record, Rejection):
            return f"cannot be decoded: {record.reason}"
    mine, theirs = (content(record) for record in records if not isinstance(record, Rejection))
    return ", ".join(sorted(field for field in mine if mine[field] != theirs.get(field)))

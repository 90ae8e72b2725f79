"""Rows from Python into a relation, a bounded number at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

import duckdb
import pyarrow as pa

BATCH_ROWS = 20_000

T = TypeVar("T")


def batches(rows: Iterable[T], size: int = BATCH_ROWS) -> Iterator[list[T]]:
    """The rows in lists of `size`, the last one shorter."""
    source = iter(rows)
    while batch := list(islice(source, size)):
        yield batch


def fill(
    connection: duckdb.DuckDBPyConnection, relation: str, rows: Iterable[Sequence[object]]
) -> int:
    """Append rows, whose values stand in the relation's column order; return how many."""
    described = connection.execute(f"DESCRIBE {relation}").fetchall()
    names = [str(column[0]) for column in described]
    total = 0
    for batch in batches(rows):
        incoming = pa.table(dict(zip(names, map(list, zip(*batch, strict=True)), strict=True)))
        connection.register("incoming", incoming)
        connection.execute(f"INSERT INTO {relation} BY NAME FROM incoming")
        connection.unregister("incoming")
        total += len(batch)
    return total


def read(
    connection: duckdb.DuckDBPyConnection, statement: str, parameters: Sequence[object] = ()
) -> Iterator[list[tuple[object, ...]]]:
    """The rows of a query in bounded lists; the connection stays free for other statements."""
    cursor = connection.cursor()
    try:
        cursor.execute(statement, list(parameters))
        while batch := cursor.fetchmany(BATCH_ROWS):
            yield batch
    finally:
        cursor.close()

"""Partial answers into Postgres, inside the transaction that moves the progress."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import pyarrow as pa
from psycopg import Connection, Cursor

from contracts.tables.columns import Table, quoted
from contracts.tables.postgres import ORDERS
from emr_jobs.questions.merge import Merge, merge_sql, union_sketch
from emr_jobs.questions.sketches import sketch_estimate, union_sketches
from emr_jobs.stores.arrow_copy import copy_into

Pg: TypeAlias = Connection[tuple[object, ...]]


def staging_of(table: str) -> str:
    """The temporary table that rows for a table are staged in."""
    return f"staging_{table.replace('.', '_')}"


# What `new_orders` was given is here until its transaction ends.
NEW_ORDERS = staging_of(ORDERS.name)


def new_orders(connection: Pg, orders: pa.Table) -> set[str]:
    """Insert the orders not yet known and return the event ids that were: those are duplicates.

    `orders` holds each event id once, with the columns of the table `orders`.
    """
    return insert_unknown(connection, ORDERS, orders)


def insert_unknown(connection: Pg, table: Table, rows: pa.Table) -> set[str]:
    """Insert rows of a table keyed by event_id that has each record's partition, offset and append
    time; returns the ids that another record had brought before."""
    with connection.cursor() as cursor:
        staging = stage(cursor, table.name, table.names, rows)
        names = ", ".join(map(quoted, table.names))
        inserted = cursor.execute(
            f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {staging} "
            "ON CONFLICT DO NOTHING"
        ).rowcount
        if inserted == rows.num_rows:
            return set()
        known = cursor.execute(
            f"SELECT s.event_id::text FROM {staging} s JOIN {table.name} o USING (event_id) "
            'WHERE (o.partition, o."offset") <> (s.partition, s."offset") '
            "OR o.append_time <> s.append_time"
        ).fetchall()
        return {str(row[0]) for row in known}


def changed_in(rows: pa.Table, sequence: int) -> pa.Table:
    """Rows with the journal's number of the batch that changes them."""
    return rows.append_column("changed_in", pa.array([sequence] * rows.num_rows, pa.int64()))


def merge_answers(connection: Pg, merge: Merge, partials: pa.Table) -> int:
    """Merge one row a key into the answer's table; returns how many keys were touched."""
    if not partials.num_rows:
        return 0
    with connection.cursor() as cursor:
        names = tuple(column.name for column in merge.given)
        staging = stage(cursor, merge.into.name, names, partials.select(list(names)))
        for sketch in merge.of(union_sketch):
            _union_with_stored(cursor, merge, staging, sketch)
        return cursor.execute(merge_sql(merge, staging)).rowcount


def insert_new(connection: Pg, merge: Merge, rows: pa.Table, returning: str) -> set[str]:
    """Insert rows whose key is not known yet; returns the `returning` values of the new ones."""
    if not rows.num_rows:
        return set()
    with connection.cursor() as cursor:
        names = tuple(column.name for column in merge.given)
        staging = stage(cursor, merge.into.name, names, rows.select(list(names)))
        statement = f"{merge_sql(merge, staging)} RETURNING {quoted(returning)}::text"
        return {str(row[0]) for row in cursor.execute(statement).fetchall()}


def stage(
    cursor: Cursor[tuple[object, ...]], table: str, names: Iterable[str], rows: pa.Table
) -> str:
    """A temporary table of the session with the rows, as it was when the transaction began."""
    staging = staging_of(table)
    columns = ", ".join(map(quoted, names))
    cursor.execute(f"SELECT to_regclass('pg_temp.{staging}') IS NULL")
    missing = cursor.fetchone()
    if missing is not None and missing[0]:
        cursor.execute(
            f"CREATE TEMPORARY TABLE {staging} ON COMMIT DELETE ROWS AS "
            f"SELECT {columns} FROM {table} WITH NO DATA"
        )
    copy_into(cursor, staging, rows)
    cursor.execute(f"ANALYZE {staging}")
    return staging


def _union_with_stored(
    cursor: Cursor[tuple[object, ...]], merge: Merge, staging: str, sketch: str
) -> None:
    """Put the union with the stored sketch, and its estimate, into the staged rows."""
    same = " AND ".join(f"s.{quoted(name)} = t.{quoted(name)}" for name in merge.into.key)
    column = quoted(sketch)
    cursor.execute(
        f"UPDATE {staging} s SET {column} = t.{column}, unique_customers = t.unique_customers "
        f"FROM {merge.into.name} t WHERE {same} AND s.{column} IS NULL AND t.{column} IS NOT NULL"
    )
    both = cursor.execute(
        f"SELECT s.ctid::text, t.{column}, s.{column} FROM {staging} s "
        f"JOIN {merge.into.name} t ON {same} "
        f"WHERE t.{column} IS NOT NULL AND s.{column} IS NOT NULL AND t.{column} <> s.{column}"
    ).fetchall()
    if not both:
        return
    unions = [(str(place), _union(stored, new)) for place, stored, new in both]
    cursor.executemany(
        f"UPDATE {staging} SET {column} = %s, unique_customers = %s WHERE ctid = %s::tid",
        [(union, sketch_estimate(union), place) for place, union in unions],
    )


def _union(stored: object, new: object) -> bytes | None:
    assert isinstance(stored, bytes) and isinstance(new, bytes)
    return union_sketches(stored, new)

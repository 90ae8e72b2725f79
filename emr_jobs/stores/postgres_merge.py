"""Partial answers into Postgres, inside the transaction that moves the progress."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa
from psycopg import Cursor
from psycopg.rows import scalar_row

from contracts.tables.answer import CHANGED_IN
from contracts.tables.columns import Column, Table, quoted
from emr_jobs.kernel.merge import Fold, Merge, replace
from emr_jobs.kernel.question import Statement
from emr_jobs.kernel.sketches import sketch_estimate, union_sketches
from emr_jobs.stores.arrow_copy import arrow_schema, copy_into
from emr_jobs.stores.postgres import Pg


def staging_of(table: str) -> str:
    """The temporary table that rows for a table are staged in."""
    return f"staging_{table.replace('.', '_')}"


def insert_unknown(connection: Pg, table: Table, rows: pa.Table) -> set[str]:
    """Insert rows of a table keyed by event_id that has each record's partition, offset and append
    time, and return the ids that another record had brought before: those are duplicates. `rows`
    holds each id once; they stay staged until the transaction ends."""
    with connection.cursor() as cursor:
        staging = stage(cursor, staging_of(table.name), table, table.names, rows)
        names = _listed(table.names)
        inserted = cursor.execute(
            f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {staging} "
            "ON CONFLICT DO NOTHING"
        ).rowcount
    if inserted == rows.num_rows:
        return set()
    return set(
        connection.cursor(row_factory=scalar_row)
        .execute(
            f"SELECT s.event_id::text FROM {staging} s JOIN {table.name} o USING (event_id) "
            'WHERE (o.partition, o."offset") <> (s.partition, s."offset") '
            "OR o.append_time <> s.append_time"
        )
        .fetchall()
    )


def merge_partials(connection: Pg, merge: Merge | Fold, partials: pa.Table, sequence: int) -> int:
    """Merge one row per key into the answer's table; `sequence` is the journal's number of the
    batch. Returns how many keys were touched."""
    if not partials.num_rows:
        return 0
    with connection.cursor() as cursor:
        if isinstance(merge, Fold):
            return _fold(cursor, merge, partials, sequence)
        return cursor.execute(_staged(cursor, merge, partials, sequence)).rowcount


def insert_new(
    connection: Pg, merge: Merge, partials: pa.Table, sequence: int
) -> set[tuple[str, ...]]:
    """The same for rows that never change; returns the keys, as texts, that were not known yet."""
    if not partials.num_rows:
        return set()
    with connection.cursor() as cursor:
        statement = _staged(cursor, merge, partials, sequence)
        key = ", ".join(f"{quoted(name)}::text" for name in merge.into.key)
        found = cursor.execute(f"{statement} RETURNING {key}").fetchall()
        return {tuple(map(str, row)) for row in found}


def partials_found(connection: Pg, merge: Merge, statement: Statement) -> pa.Table:
    """The partial answers that a question's statement finds in what Postgres holds."""
    schema = arrow_schema(merge.into, merge.columns)
    rows = connection.execute(statement.sql, statement.parameters).fetchall()
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema)


def merge_sql(merge: Merge, staging: str) -> str:
    """The statement that merges every row of `staging`, which holds each key at most once."""
    names = _listed(merge.given)
    changes = [
        f"{quoted(name)} = {_expression(merge.into.column(name), rule.sql)}"
        for name, rule in merge.rules.items()
        if rule.sql is not None
    ]
    action = "DO UPDATE SET\n  " + ",\n  ".join(changes) if changes else "DO NOTHING"
    return (
        f"INSERT INTO {merge.into.name} AS stored ({names})\n"
        f"SELECT {names} FROM {staging}\n"
        f"ON CONFLICT ({_listed(merge.into.key)}) {action}"
    )


def stage(
    cursor: Cursor[tuple[Any, ...]],
    staging: str,
    table: Table,
    names: Iterable[str],
    rows: pa.Table,
) -> str:
    """A temporary table of the session with these rows, and no others, for columns of `table`. It
    is empty again when the transaction ends."""
    cursor.execute("SELECT to_regclass(%s) IS NULL", (f"pg_temp.{staging}",))
    if cursor.fetchone() == (True,):
        cursor.execute(
            f"CREATE TEMPORARY TABLE {staging} ON COMMIT DELETE ROWS AS "
            f"SELECT {_listed(names)} FROM {table.name} WITH NO DATA"
        )
    else:
        # The transaction may have merged a part of its batch before: `ingest` counts each topic.
        cursor.execute(f"DELETE FROM {staging}")
    copy_into(cursor, staging, rows)
    cursor.execute(f"ANALYZE {staging}")
    return staging


def _staged(
    cursor: Cursor[tuple[Any, ...]], merge: Merge, partials: pa.Table, sequence: int
) -> str:
    """Stage the partials with the number of their batch; returns the statement that merges them."""
    if CHANGED_IN.name in merge.given:
        numbers = pa.array([sequence] * partials.num_rows, pa.int64())
        partials = partials.append_column(CHANGED_IN.name, numbers)
    rows = partials.select(list(merge.given))
    staging = stage(cursor, staging_of(merge.into.name), merge.into, merge.given, rows)
    for sketch, estimate in merge.sketches.items():
        _union_with_stored(cursor, merge, staging, sketch, estimate)
    return merge_sql(merge, staging)


def _fold(cursor: Cursor[tuple[Any, ...]], fold: Fold, partials: pa.Table, sequence: int) -> int:
    """Fold the partials into the answer's table; returns how many rows were written."""
    batch = partials.select(list(fold.given))
    staging = stage(cursor, staging_of(fold.into.name), fold.into, fold.given, batch)
    joined = (
        f"(SELECT *, %s::bigint AS {quoted(CHANGED_IN.name)} FROM (\n{fold.join_sql(staging)}\n"
        f") joined ({_listed(fold.written)})) folded"
    )
    changed = (name for name in fold.written if name not in fold.into.key)
    statement = merge_sql(Merge(fold.into, dict.fromkeys(changed, replace)), joined)
    # The rows of a large batch are sorted in memory, not in files.
    cursor.execute("SET LOCAL work_mem = '64MB'")
    # Planned for the rows that are there now: a plan that is kept is one for the first batches.
    return cursor.execute(statement, (sequence,), prepare=False).rowcount


def _union_with_stored(
    cursor: Cursor[tuple[Any, ...]], merge: Merge, staging: str, sketch: str, estimate: str
) -> None:
    """Put the union with the stored sketch, and its estimate, into the staged rows."""
    table, column, number = merge.into.name, quoted(sketch), quoted(estimate)
    same = " AND ".join(f"s.{quoted(name)} = t.{quoted(name)}" for name in merge.into.key)
    cursor.execute(
        f"UPDATE {staging} s SET {column} = t.{column}, {number} = t.{number} "
        f"FROM {table} t WHERE {same} AND s.{column} IS NULL AND t.{column} IS NOT NULL"
    )
    both = cursor.execute(
        f"SELECT s.ctid::text, t.{column}, s.{column} FROM {staging} s JOIN {table} t ON {same} "
        f"WHERE t.{column} IS NOT NULL AND s.{column} IS NOT NULL AND t.{column} <> s.{column}"
    ).fetchall()
    unions = [(row, union_sketches(stored, new)) for row, stored, new in both]
    if unions:
        cursor.executemany(
            f"UPDATE {staging} SET {column} = %s, {number} = %s WHERE ctid = %s::tid",
            [(union, sketch_estimate(union), row) for row, union in unions],
        )


def _expression(column: Column, sql: str) -> str:
    """Texts compare by code point, as Spark and Python do, whatever the database's collation is."""
    collation = ' COLLATE "C"' if column.type == "text" else ""
    return sql.format(
        stored=f"stored.{quoted(column.name)}{collation}",
        new=f"excluded.{quoted(column.name)}{collation}",
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(quoted, names))

"""Arrow tables into Postgres by COPY: the fast path for everything a batch writes."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
from psycopg import Cursor, sql

from contracts.tables.columns import Table, Type

_UTC_MICROS = pa.timestamp("us", "UTC")
_ARROW: dict[Type, pa.DataType] = {
    "uuid": pa.string(),
    "text": pa.string(),
    "texts": pa.list_(pa.string()),
    "bigint": pa.int64(),
    "integer": pa.int32(),
    "boolean": pa.bool_(),
    "timestamp": _UTC_MICROS,
    "money": pa.decimal128(18, 2),
    "bytes": pa.binary(),
    "json": pa.string(),
}


def arrow_schema(table: Table, names: Iterable[str]) -> pa.Schema:
    """These columns of a table as Arrow holds them."""
    return pa.schema([(name, _ARROW[table.column(name).type]) for name in names])


def copy_into(cursor: Cursor[tuple[Any, ...]], table: str, rows: pa.Table) -> None:
    """Append the rows to the table's columns of the same names. Null is null, '' is ''."""
    if not rows.num_rows:
        return
    buffer = io.BytesIO()
    # Arrow 26 writes garbage for a table whose first chunk is empty.
    pacsv.write_csv(
        _as_text(rows.combine_chunks()), buffer, pacsv.WriteOptions(include_header=False)
    )
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(
        sql.Identifier(*table.split(".")),
        sql.SQL(", ").join(map(sql.Identifier, rows.column_names)),
    )
    with cursor.copy(statement) as copy:
        copy.write(buffer.getbuffer())


def _as_text(rows: pa.Table) -> pa.Table:
    """Columns that Arrow's csv cannot write, or would write unlike Postgres reads them."""
    for index, column in enumerate(rows.schema):
        if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
            hexed = [None if v is None else "\\x" + v.hex() for v in rows[index].to_pylist()]
            rows = rows.set_column(index, column.name, pa.array(hexed, pa.string()))
        elif pa.types.is_list(column.type):
            texts = [None if v is None else _array(v) for v in rows[index].to_pylist()]
            rows = rows.set_column(index, column.name, pa.array(texts, pa.string()))
        elif pa.types.is_timestamp(column.type):
            utc = pc.cast(rows[index], pa.timestamp("us"), safe=False)
            stamped = pc.binary_join_element_wise(pc.cast(utc, pa.string()), "+00", "")
            rows = rows.set_column(index, column.name, stamped)
    return rows


def _array(texts: list[str]) -> str:
    """As Postgres reads an array of texts."""
    escaped = (text.replace("\\", "\\\\").replace('"', '\\"') for text in texts)
    return "{" + ",".join(f'"{text}"' for text in escaped) + "}"

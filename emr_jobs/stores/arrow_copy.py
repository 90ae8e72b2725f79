"""Arrow tables into Postgres by COPY: the fast path for everything a batch writes."""

from __future__ import annotations

import binascii
import io
from collections.abc import Callable, Iterable
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
        if make := _text_of(column.type):
            texts = pa.chunked_array([make(chunk) for chunk in rows[index].chunks])
            rows = rows.set_column(index, column.name, texts)
    return rows


def _text_of(kind: pa.DataType) -> Callable[[pa.Array], pa.Array] | None:
    if pa.types.is_binary(kind):
        return _hex
    if pa.types.is_list(kind):
        return _array
    return _timestamp if pa.types.is_timestamp(kind) else None


def _timestamp(times: pa.Array) -> pa.Array:
    utc = pc.cast(times, pa.timestamp("us"), safe=False)
    return pc.binary_join_element_wise(pc.cast(utc, pa.string()), "+00", "")


def _hex(values: pa.Array) -> pa.Array:
    """As Postgres reads bytes: one run of all values becomes one run of digits."""
    bounded = pc.cast(pc.fill_null(values, b""), pa.large_binary())
    _, offsets, data = bounded.buffers()
    # The values of an array that was cut begin somewhere in its buffers.
    ends = pa.Array.from_buffers(
        pa.int64(), len(values) + 1, [None, offsets], offset=bounded.offset
    )
    first, last = ends[0].as_py(), ends[-1].as_py()
    digits = binascii.hexlify(data.slice(first, last - first)) if last > first else b""
    places = pc.multiply(pc.subtract(ends, first), 2)
    texts = pa.LargeStringArray.from_buffers(len(values), places.buffers()[1], pa.py_buffer(digits))
    prefix, nothing = pa.scalar("\\x", pa.large_string()), pa.scalar("", pa.large_string())
    hexed = pc.binary_join_element_wise(prefix, texts, nothing)
    return pc.if_else(pc.is_valid(values), hexed, None)


def _array(lists: pa.Array) -> pa.Array:
    """As Postgres reads arrays of texts."""
    escaped = pc.replace_substring_regex(lists.values, r'(["\\])', r"\\\1")
    items = pc.fill_null(pc.binary_join_element_wise('"', escaped, '"', ""), "NULL")
    joined = pc.binary_join(pa.ListArray.from_arrays(lists.offsets, items), ",")
    return pc.if_else(pc.is_valid(lists), pc.binary_join_element_wise("{", joined, "}", ""), None)

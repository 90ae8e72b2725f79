"""The smallest change of a value that a proof must see, by the type of its column."""

from __future__ import annotations

from contracts.tables.columns import Column, Type, quoted

# A sketch's estimate of one may be off by one.
_ALTERED: dict[Type, str] = {
    "uuid": "uuid()::VARCHAR",
    "text": "coalesce({0}, '') || 'x'",
    "texts": "list_append({0}, 'x')",
    "bigint": "coalesce({0}, 0) + 2",
    "integer": "coalesce({0}, 0) + 1",
    "boolean": "NOT coalesce({0}, false)",
    "timestamp": "coalesce({0}, make_timestamp(0)::TIMESTAMPTZ) + INTERVAL 1 MICROSECOND",
    "money": "coalesce({0}, 0) + 0.01",
    "bytes": "encode('x') || coalesce({0}, encode(''))",
    "json": "json_object('altered', 1)",
    "lines": "list_transform({0}, lambda line: struct_update(line, quantity := line.quantity + 1))",
}


def altered(column: Column) -> str:
    """The column's value, changed."""
    return _ALTERED[column.type].format(quoted(column.name))

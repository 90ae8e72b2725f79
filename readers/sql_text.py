"""DuckDB's SQL as text: names of tables, texts, and the types of the contract's columns."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.tables.columns import Column, Type, quoted

DUCKDB_TYPES: dict[Type, str] = {
    "uuid": "VARCHAR",
    "text": "VARCHAR",
    "texts": "VARCHAR[]",
    "bigint": "BIGINT",
    "integer": "INTEGER",
    "boolean": "BOOLEAN",
    "timestamp": "TIMESTAMPTZ",
    "money": "DECIMAL(18,2)",
    "bytes": "BLOB",
    "json": "VARCHAR",
    "lines": (
        "STRUCT(product_id VARCHAR, product_name VARCHAR, category VARCHAR, "
        "quantity INTEGER, unit_price DECIMAL(18,4))[]"
    ),
}


def columns(described: Sequence[Column]) -> str:
    """Column definitions by the contract's types."""
    return ", ".join(f"{quoted(each.name)} {DUCKDB_TYPES[each.type]}" for each in described)


def qualified(name: str) -> str:
    """A table's name, with or without a schema before it."""
    return ".".join(map(quoted, name.split(".")))


def literal(value: str) -> str:
    """A text."""
    return "'" + value.replace("'", "''") + "'"

"""Tables of the answers (Postgres) and of the lake (Iceberg): grain, columns, keys."""

from __future__ import annotations

from contracts.tables.columns import Column, Table
from contracts.tables.postgres import (
    ALERTS,
    ORDER_METRICS,
    ORDERS,
    POSTGRES_TABLES,
    QUALITY,
    ddl,
)

__all__ = [
    "ALERTS",
    "ORDERS",
    "ORDER_METRICS",
    "POSTGRES_TABLES",
    "QUALITY",
    "Column",
    "Table",
    "ddl",
]

"""Tables of the answers (Postgres) and of the lake (Iceberg): grain, columns, keys."""

from __future__ import annotations

from contracts.tables.answer import Answer, Gold
from contracts.tables.columns import Column, Table
from contracts.tables.postgres import ORDERS, POSTGRES_TABLES, ddl
from contracts.tables.questions import ANSWERS, answer_of

__all__ = [
    "ANSWERS",
    "ORDERS",
    "POSTGRES_TABLES",
    "Answer",
    "Column",
    "Gold",
    "Table",
    "answer_of",
    "ddl",
]

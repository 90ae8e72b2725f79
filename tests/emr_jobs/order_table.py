"""Batches of orders into a real Postgres, judged as the application judges them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pyarrow as pa

from contracts.applications import ORDER_ANSWERS
from contracts.events import simulated_event_id
from contracts.money import decimal_of_minor
from contracts.registry import BundledRegistry, MemoryStore
from contracts.rule_packs import RulePack, WindowRule
from contracts.schemas import bundled_schemas
from contracts.tables.postgres import ORDERS
from emr_jobs.apps.asked_questions import AnswerWriter
from emr_jobs.kernel.question import Settings
from emr_jobs.stores.arrow_copy import arrow_schema
from emr_jobs.stores.postgres import Pg
from emr_jobs.stores.postgres_merge import insert_unknown
from emr_jobs.stores.progress import Commit

MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
# 2026-03-02T09:00:00Z: the beginning of an hour.
NINE = 1_772_442_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
REGISTRY = BundledRegistry(MemoryStore(bundled_schemas()))
_SCHEMA = arrow_schema(ORDERS, ORDERS.names)


@dataclass(frozen=True)
class Bought:
    """An order `at` microseconds after nine; the number of a test's order is its offset."""

    number: int
    at: int = 0
    kind: str = "placed"
    canary: bool = False
    customer_id: str | None = "a"
    device_id: str | None = "d"
    total: int = 1_000
    currency: str = "GBP"
    location: str = "Spain"
    region: str = "southern-europe"

    @property
    def event_time(self) -> int:
        return NINE + self.at

    @property
    def row(self) -> dict[str, Any]:
        """As the table holds it; appended at its number of seconds after nine."""
        return asdict(self) | {
            "event_id": simulated_event_id("run-1", "tests", self.number),
            "order_id": f"o-{self.number}",
            "total": decimal_of_minor(self.total),
            "event_time": moment(self.event_time),
            "append_time": moment(NINE + self.number * 1_000_000),
            "partition": 0,
            "offset": self.number,
        }


def moment(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)


def micros(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)


class OrderTable:
    """The table of a database, and the rules that judge what is put into it."""

    def __init__(self, connection: Pg, *rules: WindowRule) -> None:
        self.connection = connection
        settings = Settings(RulePack("tests", 1, rules))
        self._writer = AnswerWriter(ORDER_ANSWERS, settings, REGISTRY, ORDERS)

    def apply(self, orders: Sequence[Bought]) -> int:
        """Insert a batch and judge it, in one transaction; returns how many alerts are new."""
        rows = [order.row for order in orders]
        batch = pa.Table.from_pylist([{n: r[n] for n in ORDERS.names} for r in rows], _SCHEMA)
        with self.connection.transaction():
            commit = Commit(self.connection, 1)
            insert_unknown(self.connection, ORDERS, batch)
            self._writer.look_back(commit)
        return self._writer.announced(commit)

    def alerts(self) -> list[dict[str, Any]]:
        """All alerts, by rule, subject and window."""
        with self.connection.cursor(row_factory=psycopg.rows.dict_row) as cursor:
            return cursor.execute(
                "SELECT * FROM alerts ORDER BY rule, subject, window_start"
            ).fetchall()

    def told(self) -> list[tuple[str, int]]:
        """The subject of each alert, and its window in hours after nine."""
        return [
            (row["subject"], (micros(row["window_start"]) - NINE) // HOUR) for row in self.alerts()
        ]


@contextmanager
def order_table(postgres: str, *rules: WindowRule) -> Iterator[OrderTable]:
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("TRUNCATE orders, alerts, outbox")
        yield OrderTable(connection, *rules)

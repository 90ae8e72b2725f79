"""One small shop for every test of the proof: its stores agree, as the relations of the proof.

`Shop.usual()` has orders, `Shop.visited()` has clicks, and both have the answers that plain Python
gives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import duckdb

from contracts.applications import APPLICATIONS
from contracts.codec import encode
from contracts.events import Click, Order, simulated_event_id
from contracts.tables.lake import SILVER
from contracts.tables.postgres import IN_A_GAP, IN_A_TRANSACTION
from contracts.tables.postgres import ORDERS as ORDERS_TABLE
from contracts.topics import CLICKS as CLICKS_TOPIC
from proof.relations import connect
from readers.filling import fill
from tests.proof.shop.events import CLICKS, ORDERS, RUN, SECOND, START, click, micros, promotion
from tests.proof.shop.folds import fold_alerts, fold_metrics, fold_quality
from tests.proof.shop.records import (
    CLUSTER,
    REGISTRY,
    TOPIC,
    TOPIC_ID,
    TOPIC_IDS,
    Record,
    Row,
    origin,
    put,
    quarantine_row,
    silver_row,
    table_row,
)
from tests.proof.shop.visits import click_answers, hot_answers

ALERTS = "ecommerce-alerts"
ALERTS_ID = "5c1b6a2d-1d5b-4a55-8a0e-92c3a53d7c02"


@dataclass
class Shop:
    """Records of two partitions: each order once, one of them sent again, one value no event."""

    records: list[Record] = field(default_factory=list)
    windowed_alerts: list[Row] = field(default_factory=list)
    # Rows of `skipped` without their application.
    skips: list[Row] = field(default_factory=list)

    @classmethod
    def usual(cls) -> Shop:
        shop = cls()
        for number, one in enumerate(ORDERS):
            shop.append(number % 2, one, after=number * 30)
        shop.append(1, replace(ORDERS[0], sent_at=ORDERS[0].sent_at + 7), after=400)
        shop.records.append(
            Record(0, shop.next(0), micros(START) + 500 * SECOND, b"junk", None, None, "bad_header")
        )
        return shop

    @classmethod
    def visited(cls, told: Callable[[int], Click] = click) -> Shop:
        """Clicks, of which `told` gives the one of a number; it is an hour after the first."""
        shop = cls()
        shop.visit(told)
        return shop

    def visit(self, told: Callable[[int], Click] = click) -> None:
        for number in range(len(CLICKS)):
            one = told(number)
            value = encode(one, REGISTRY.latest("clicks"))
            self.records.append(Record(0, number, one.event_time + SECOND, value, None, click=one))
        self.skip(0, 2, CLICKS_TOPIC.name)

    def promote(self) -> None:
        """One promotion of a day."""
        one = promotion()
        value = encode(one, REGISTRY.latest("promotions"))
        self.records.append(Record(0, 0, one.event_time + SECOND, value, None, promotion=one))

    def refuse(self, *, after: float) -> None:
        """An order whose currency is none: its id can be read."""
        one = replace(ORDERS[1], event_id=simulated_event_id(RUN, "broken", 0), currency="pounds")
        value = encode(one, REGISTRY.latest("orders"))
        at = micros(START) + 100 * SECOND + int(after * SECOND)
        self.records.append(
            Record(
                0, self.next(0), at, value, None, None, "invalid_currency", refused_id=one.event_id
            )
        )

    def skip(self, partition: int, offsets: int, topic: str = TOPIC, *, gap: bool = False) -> None:
        """Let the partition go on with offsets that gave no application a record."""
        first = self.next(partition, topic)
        self.skips.append(
            {
                "topic": topic,
                "topic_id": TOPIC_IDS[topic],
                "partition": partition,
                "first": first,
                "until": first + offsets,
                "offsets": offsets,
                "ranges": f"[[{first}, {first + offsets}]]",
                "reason": IN_A_GAP if gap else IN_A_TRANSACTION,
                "accepted_by": "ann@till" if gap else "",
                "noted_at": START,
            }
        )

    def next(self, partition: int, topic: str = TOPIC) -> int:
        of_records = sum(r.partition == partition and r.topic == topic for r in self.records)
        return of_records + sum(
            each["offsets"]
            for each in self.skips
            if (each["topic"], each["partition"]) == (topic, partition)
        )

    def append(self, partition: int, one: Order, *, after: float) -> None:
        first = next(
            (r for r in self.records if r.order and r.order.event_id == one.event_id), None
        )
        twin = (first.partition, first.offset) if first else None
        value = encode(one, REGISTRY.latest("orders"))
        at = micros(START) + 100 * SECOND + int(after * SECOND)
        self.records.append(Record(partition, self.next(partition), at, value, one, twin))

    @property
    def silver(self) -> list[Record]:
        return [r for r in self.records if r.event and not r.twin]

    def open(self) -> duckdb.DuckDBPyConnection:
        """The relations of this shop's stores."""
        connection = connect()
        self.open_lake(connection)
        orders = [record for record in self.silver if record.order]
        clicks = [record.click for record in self.silver if record.click]
        put(connection, "answers.quality", fold_quality(self.records))
        if orders:
            self._order_answers(connection, orders)
        if clicks:
            click_answers(connection, clicks[0])
            hot_answers(connection, clicks[0].currency)
        self._kafka(connection)
        return connection

    def open_lake(self, connection: duckdb.DuckDBPyConnection) -> None:
        rows = [origin(r) | {"key": r.key, "value": r.value} for r in self.records]
        put(connection, "bronze.events", rows)
        refused = [quarantine_row(r) for r in self.records if r.reason]
        put(connection, "bronze.quarantine", refused)
        put(
            connection,
            "bronze.duplicates",
            [
                origin(r)
                | {
                    "event_id": r.order.event_id,
                    "twin_topic_id": TOPIC_ID,
                    "twin_partition": r.twin[0],
                    "twin_offset": r.twin[1],
                }
                for r in self.records
                if r.twin and r.order
            ],
        )
        for name, table in SILVER.items():
            rows = [silver_row(r, table) for r in self.silver if r.topic == name]
            put(connection, table.name, rows)
        fill(connection, "lake_files", [("silver.orders", 1)])
        put(
            connection,
            "answers.orders",
            [table_row(ORDERS_TABLE, r) for r in self.silver if r.order],
        )

    def _order_answers(self, connection: duckdb.DuckDBPyConnection, orders: list[Record]) -> None:
        metrics = fold_metrics(orders)
        put(connection, "answers.order_metrics", metrics)
        put(connection, "gold.order_metrics", metrics)
        alerts = fold_alerts(orders) + self.windowed_alerts
        put(connection, "answers.alerts", alerts)
        put(
            connection,
            "gold.fraud_alerts",
            [row | {"evidence": '{ "z": "1", "total": "2" }'} for row in alerts],
        )
        put(
            connection,
            "answers.published",
            [{"table_name": "gold.order_metrics", "closed_until": START + timedelta(days=1)}],
        )
        sent = [(0, number, row["alert_id"]) for number, row in enumerate(alerts)]
        fill(connection, "broker.alerts", [*sent, (0, len(sent), alerts[0]["alert_id"])])

    def _skipped(self, connection: duckdb.DuckDBPyConnection) -> None:
        put(
            connection,
            "answers.skipped",
            [
                {"application": application.name, **each}
                for application in APPLICATIONS
                for each in self.skips
                if each["topic"] in [topic.name for topic in application.reads]
            ],
        )
        put(
            connection,
            "broker.skipped",
            [
                {**each, "committed": 0, "uncommitted": each["offsets"] - 1, "compacted": False}
                for each in self.skips
                if each["reason"] == IN_A_TRANSACTION
            ],
        )

    def _kafka(self, connection: duckdb.DuckDBPyConnection) -> None:
        parts = sorted({(r.topic, r.partition) for r in self.records})
        ends = [(*part, self.next(part[1], part[0])) for part in parts]
        offsets = [(topic, TOPIC_IDS[topic], part, 0, end) for topic, part, end in ends]
        fill(connection, "broker.cluster", [(CLUSTER,)])
        fill(connection, "broker.partitions", [*offsets, (ALERTS, ALERTS_ID, 0, 0, 3)])
        self._skipped(connection)
        put(
            connection,
            "answers.progress",
            [
                {
                    "application": application.name,
                    "topic": topic,
                    "topic_id": TOPIC_IDS[topic],
                    "partition": part,
                    "until": end,
                }
                for application in APPLICATIONS
                for topic, part, end in ends
                if topic in [each.name for each in application.reads]
            ],
        )
        if not any(record.order for record in self.records):
            return
        fill(connection, "ledger.runs", [(RUN, "replay", TOPIC, TOPIC_ID)])
        sent = [r for r in self.records if r.order and r.order.source.producer != "canary"]
        fill(
            connection,
            "ledger.attempts",
            [(RUN, n, r.order.event_id, TOPIC, n + 1) for n, r in enumerate(sent) if r.order],
        )
        # The first attempt's acknowledgement never arrived: the record is there all the same.
        fill(
            connection,
            "ledger.outcomes",
            [
                (RUN, n, "acknowledged", r.partition, r.offset, r.append_us)
                for n, r in enumerate(sent)
                if n
            ],
        )

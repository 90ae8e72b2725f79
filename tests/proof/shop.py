"""A small shop whose stores agree, as relations: what the levels must find green."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import duckdb

from contracts.codec import encode
from contracts.events import Order, OrderKind, OrderLine, Source, alert_id, simulated_event_id
from contracts.registry import BundledRegistry, MemoryStore
from contracts.schemas import bundled_schemas
from proof.filling import fill
from proof.relations import connect

REGISTRY = BundledRegistry(MemoryStore(bundled_schemas()))
TOPIC = "ecommerce-orders"
ALERTS = "ecommerce-alerts"
TOPIC_ID = "0b8e4a9e-5f65-4a1c-9a35-3d1f4f4b8a01"
ALERTS_ID = "5c1b6a2d-1d5b-4a55-8a0e-92c3a53d7c02"
CLUSTER = "cluster-1"
RUN = "run-1"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 1_000_000

Row = dict[str, Any]


def moment(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)


def micros(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)


def money(minor: int) -> Decimal:
    return Decimal(minor).scaleb(-2)


def order(
    sequence: int,
    *,
    after: float,
    lines: Sequence[tuple[str, int, str]],
    kind: OrderKind = "placed",
    customer: str | None = "sub_a",
    location: str = "France",
    region: str = "Europe",
    producer: str = "replay",
) -> Order:
    """An order `after` seconds from the start; lines are (category, quantity, price as text)."""
    bought = tuple(
        OrderLine("p", "thing", category, quantity, int(Decimal(price).scaleb(4)))
        for category, quantity, price in lines
    )
    at = micros(START) + int(after * SECOND)
    return Order(
        event_id=simulated_event_id(RUN, producer, sequence),
        event_time=at,
        sent_at=at,
        region=region,
        source=Source(RUN, producer, sequence),
        order_id=f"o{sequence}",
        kind=kind,
        customer_id=customer,
        lines=bought,
        total=sum(amount(line) for line in bought),
        currency="GBP",
        location=location,
        payment_method="card",
    )


def amount(line: OrderLine) -> int:
    exact = Decimal(line.quantity) * Decimal(line.unit_price).scaleb(-4)
    return int(exact.quantize(Decimal("0.01"), ROUND_HALF_UP).scaleb(2))


@dataclass(frozen=True)
class Record:
    """One Kafka record; `twin` is where its event was first, `reason` a rejection."""

    partition: int
    offset: int
    append_us: int
    value: bytes
    order: Order | None
    twin: tuple[int, int] | None = None
    reason: str | None = None


ORDERS = (
    order(0, after=5, lines=[("bags", 3, "2.55"), ("lamps", 1, "0.005")]),
    order(1, after=20, lines=[("bags", 1, "12.00")], customer="sub_b"),
    order(2, after=45, lines=[("lamps", 600, "2.10")], customer=None),
    order(3, after=50, lines=[("bags", -1, "2.55")], kind="cancelled"),
    order(4, after=61, lines=[("fees", 1, "0.00")], kind="adjustment", customer=None),
    order(5, after=70, lines=[("bags", 2, "1.00")], location="Unspecified", region="Elsewhere"),
    order(6, after=75, lines=[("bags", 9, "999.00")], producer="canary"),
    order(7, after=3_600, lines=[("bags", 1, "3.00"), ("bags", 2, "0.333")], customer="sub_b"),
)


@dataclass
class Shop:
    """Records of two partitions: each order once, one of them sent again, one value no event."""

    records: list[Record] = field(default_factory=list)
    windowed_alerts: list[Row] = field(default_factory=list)

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

    def next(self, partition: int) -> int:
        return sum(record.partition == partition for record in self.records)

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
        return [r for r in self.records if r.order and not r.twin]

    def open(self) -> duckdb.DuckDBPyConnection:
        """The relations of this shop's stores."""
        connection = connect()
        self._lake(connection)
        self._answers(connection)
        self._kafka(connection)
        return connection

    def _lake(self, connection: duckdb.DuckDBPyConnection) -> None:
        put(connection, "bronze.events", [origin(r) | {"value": r.value} for r in self.records])
        put(
            connection,
            "bronze.quarantine",
            [origin(r) | {"reason": r.reason, "detail": ""} for r in self.records if r.reason],
        )
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
        put(connection, "silver.orders", [silver_row(r) for r in self.silver])
        fill(connection, "lake_files", [("silver.orders", 1)])

    def _answers(self, connection: duckdb.DuckDBPyConnection) -> None:
        put(connection, "answers.orders", [order_row(r) for r in self.silver])
        metrics = fold_metrics(self.silver)
        put(connection, "answers.order_metrics", metrics)
        put(connection, "gold.order_metrics", metrics)
        alerts = fold_alerts(self.silver) + self.windowed_alerts
        put(connection, "answers.alerts", alerts)
        put(
            connection,
            "gold.fraud_alerts",
            [row | {"evidence": '{ "z": "1", "total": "2" }'} for row in alerts],
        )
        put(connection, "answers.quality", fold_quality(self.records))
        put(
            connection,
            "answers.published",
            [{"table_name": "gold.order_metrics", "closed_until": START + timedelta(days=1)}],
        )
        put(
            connection,
            "answers.progress",
            [
                {
                    "application": application,
                    "topic": TOPIC,
                    "topic_id": TOPIC_ID,
                    "partition": partition,
                    "until": self.next(partition),
                }
                for application in ("ingest", "orders")
                for partition in (0, 1)
            ],
        )
        sent = [(0, number, row["alert_id"]) for number, row in enumerate(alerts)]
        fill(connection, "broker.alerts", [*sent, (0, len(sent), alerts[0]["alert_id"])])

    def _kafka(self, connection: duckdb.DuckDBPyConnection) -> None:
        parts = [(TOPIC, TOPIC_ID, part, 0, self.next(part)) for part in (0, 1)]
        fill(connection, "broker.partitions", [*parts, (ALERTS, ALERTS_ID, 0, 0, 3)])
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


def put(connection: duckdb.DuckDBPyConnection, relation: str, rows: Iterable[Row]) -> None:
    """Append rows given by column name; a column that is not given is null."""
    names = [column[0] for column in connection.execute(f"DESCRIBE {relation}").fetchall()]
    for row in rows:
        known = {name: value for name, value in row.items() if name in names}
        columns = ", ".join(f'"{name}"' for name in known)
        marks = ", ".join("?" for _ in known)
        connection.execute(
            f"INSERT INTO {relation} ({columns}) VALUES ({marks})", list(known.values())
        )


def origin(record: Record) -> Row:
    return {
        "topic": TOPIC,
        "topic_id": TOPIC_ID,
        "cluster_id": CLUSTER,
        "partition": record.partition,
        "offset": record.offset,
        "append_time": moment(record.append_us),
    }


def order_row(record: Record) -> Row:
    one = record.order
    assert one is not None
    return origin(record) | {
        "event_id": one.event_id,
        "order_id": one.order_id,
        "kind": one.kind,
        "customer_id": one.customer_id,
        "total": money(one.total),
        "currency": one.currency,
        "location": one.location,
        "event_time": moment(one.event_time),
        "canary": one.source.producer == "canary",
    }


def silver_row(record: Record) -> Row:
    one = record.order
    assert one is not None
    return order_row(record) | {
        "region": one.region,
        "sent_at": moment(one.sent_at),
        "device_id": one.device_id,
        "account_created_at": moment(one.account_created_at) if one.account_created_at else None,
        "source_run": one.source.run,
        "source_producer": one.source.producer,
        "source_sequence": one.source.sequence,
        "late_by_us": record.append_us - one.event_time,
        "lines": [
            {
                "product_id": line.product_id,
                "product_name": line.product_name,
                "category": line.category,
                "quantity": line.quantity,
                "unit_price": Decimal(line.unit_price).scaleb(-4),
            }
            for line in one.lines
        ],
    }


def fold_metrics(records: Iterable[Record]) -> list[Row]:
    """order_metrics as a plain fold over single orders."""
    cells: dict[tuple[int, str, str, str], list[tuple[Record, int]]] = defaultdict(list)
    for record in records:
        one = record.order
        if one is None or one.source.producer == "canary" or one.kind == "adjustment":
            continue
        amounts = {"*": one.total}
        for line in one.lines:
            amounts[line.category] = amounts.get(line.category, 0) + amount(line)
        slide = 30 * SECOND
        newest = one.event_time - one.event_time % slide
        for window in (newest, newest - slide):
            for category, minor in amounts.items():
                cells[window, category, one.location, one.currency].append((record, minor))
    return [metrics_row(key, members) for key, members in cells.items()]


def metrics_row(key: tuple[int, str, str, str], members: list[tuple[Record, int]]) -> Row:
    window, category, location, currency = key
    orders = [(record.order, minor) for record, minor in members if record.order]
    placed = [(one, minor) for one, minor in orders if one.kind == "placed"]
    cancelled = [minor for one, minor in orders if one.kind == "cancelled"]
    revenue = sum(minor for _, minor in placed)
    closed = window + 90 * SECOND
    average = (
        (money(revenue) / len(placed)).quantize(Decimal("0.01"), ROUND_HALF_UP) if placed else None
    )
    return {
        "window_start": moment(window),
        "window_end": moment(window + 60 * SECOND),
        "category": category,
        "location": location,
        "currency": currency,
        "region": min(one.region for one, _ in orders),
        "order_count": len(placed),
        "revenue": money(revenue),
        "largest": money(max(m for _, m in placed)) if placed else None,
        "smallest": money(min(m for _, m in placed)) if placed else None,
        "unique_customers": len({one.customer_id for one, _ in placed if one.customer_id}),
        "cancelled_count": len(cancelled),
        "cancelled_amount": money(-sum(cancelled)),
        "closed_at": moment(closed),
        "revised": sum(record.append_us > closed for record, _ in members),
        "changed_in": 1,
        "average": average,
    }


def fold_alerts(records: Iterable[Record]) -> list[Row]:
    """The alerts of the default pack: totals above 1000.00 GBP, and the location Unspecified."""
    found = []
    for record in records:
        one = record.order
        if one is None or one.source.producer == "canary" or one.kind != "placed":
            continue
        suspicions = [("amount", "high")] if one.total > 100_000 else []
        suspicions += [("suspicious_location", "medium")] if one.location == "Unspecified" else []
        for rule, severity in suspicions:
            subject = f"order:{one.event_id}"
            found.append(
                {
                    "alert_id": alert_id(rule, 1, subject, None),
                    "rule": rule,
                    "rule_version": 1,
                    "subject": subject,
                    "severity": severity,
                    "event_time": moment(one.event_time),
                    "append_time": moment(record.append_us),
                    "region": one.region,
                    "evidence": '{"total": "2", "z": "1"}',
                    "changed_in": 1,
                }
            )
    return found


def fold_quality(records: Iterable[Record]) -> list[Row]:
    cells: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0])
    for record in records:
        window = record.append_us - record.append_us % (300 * SECOND)
        cells[window][2 if record.reason else 1 if record.twin else 0] += 1
    return [
        {
            "topic": TOPIC,
            "window_start": moment(window),
            "silver": silver,
            "duplicate": duplicate,
            "quarantine": quarantine,
            "score": (Decimal(100 * silver) / (silver + quarantine)).quantize(
                Decimal("0.01"), ROUND_HALF_UP
            )
            if silver + quarantine
            else None,
        }
        for window, (silver, duplicate, quarantine) in cells.items()
    ]

"""One small shop for every test of the proof: its stores agree, as the relations of the proof.

`Shop.usual()` has orders, `Shop.visited()` has clicks, and both have the answers that plain Python
gives. `filled()` has both, and the answers that the proofs themselves derive.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import duckdb

from contracts.codec import encode
from contracts.events import (
    Click,
    ClickType,
    Order,
    OrderKind,
    OrderLine,
    Source,
    alert_id,
    simulated_event_id,
)
from contracts.registry import BundledRegistry, MemoryStore
from contracts.schemas import bundled_schemas
from contracts.tables.columns import Column, Table
from contracts.tables.lake import SILVER
from contracts.tables.postgres import ORDERS as ORDERS_TABLE
from contracts.tables.questions import ANSWERS
from contracts.tables.questions.product_activity import PRODUCT_DAY
from contracts.tables.questions.recent_views import VIEWED
from contracts.tables.questions.trending import TRENDING_IN_HOUR
from contracts.topics import CLICKS as CLICKS_TOPIC
from contracts.topics import ORDERS as ORDERS_TOPIC
from proof.alerts.rules import default_rules
from proof.comparing import derived_relation, hot_entries
from proof.judging import answer_checks
from proof.questions import find_proofs
from proof.relations import connect, prepare
from readers.filling import fill

REGISTRY = BundledRegistry(MemoryStore(bundled_schemas()))
TOPIC = ORDERS_TOPIC.name
ALERTS = "ecommerce-alerts"
TOPIC_ID = "0b8e4a9e-5f65-4a1c-9a35-3d1f4f4b8a01"
CLICKS_ID = "7f9f0d4e-3a53-4d0c-8d5c-0a4b3c2d1e03"
TOPIC_IDS = {TOPIC: TOPIC_ID, CLICKS_TOPIC.name: CLICKS_ID}
ALERTS_ID = "5c1b6a2d-1d5b-4a55-8a0e-92c3a53d7c02"
CLUSTER = "cluster-1"
RUN = "run-1"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 1_000_000
MINUTE = 60 * SECOND

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
    click: Click | None = None

    @property
    def topic(self) -> str:
        return CLICKS_TOPIC.name if self.click else TOPIC

    @property
    def event(self) -> Order | Click | None:
        return self.click or self.order


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


# A visit of two products that ends in a purchase, and one look after a pause of the gap.
CLICKS: tuple[tuple[float, ClickType, str, int], ...] = (
    (0, "view", "p-1", 250),
    (10, "cart", "p-1", 250),
    (12, "remove_from_cart", "p-1", 250),
    (20, "purchase", "p-2", 999),
    (50, "view", "p-2", 999),
)


def click(number: int) -> Click:
    minute, kind, product, price = CLICKS[number]
    at = micros(START) + round(minute * MINUTE)
    return Click(
        event_id=simulated_event_id("run-1", "visits", number),
        event_time=at,
        sent_at=at,
        region="Europe",
        source=Source("run-1", "visits", number),
        event_type=kind,
        user_id="sub_a",
        session_id=None,
        product_id=product,
        category="Toys",
        brand=None,
        price=price,
        currency="GBP",
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

    def next(self, partition: int, topic: str = TOPIC) -> int:
        return sum(r.partition == partition and r.topic == topic for r in self.records)

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
            _click_answers(connection, clicks[0])
            _hot(connection, clicks[0].currency)
        self._kafka(connection)
        return connection

    def open_lake(self, connection: duckdb.DuckDBPyConnection) -> None:
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

    def _kafka(self, connection: duckdb.DuckDBPyConnection) -> None:
        parts = sorted({(r.topic, r.partition) for r in self.records})
        ends = [(*part, self.next(part[1], part[0])) for part in parts]
        offsets = [(topic, TOPIC_IDS[topic], part, 0, end) for topic, part, end in ends]
        fill(connection, "broker.partitions", [*offsets, (ALERTS, ALERTS_ID, 0, 0, 3)])
        put(
            connection,
            "answers.progress",
            [
                {
                    "application": application,
                    "topic": topic,
                    "topic_id": TOPIC_IDS[topic],
                    "partition": part,
                    "until": end,
                }
                for application in ("ingest", "orders")
                for topic, part, end in ends
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


def _click_answers(connection: duckdb.DuckDBPyConnection, one: Click) -> None:
    shared = {"currency": one.currency, "region": one.region}
    visit = shared | {"user_id": "sub_a", "absorbed": False}
    bought = visit | {
        "started_at": START,
        "ended_at": moment(micros(START) + 20 * MINUTE),
        "closed_at": moment(micros(START) + 50 * MINUTE),
        "events": 4,
        "views": 1,
        "carts": 1,
        "purchases": 1,
        "removals": 1,
        "revenue": money(999),
        "product_count": 2,
        "seconds": 20 * 60,
        "converted": True,
        "furthest": "purchase",
        "products": ["p-1", "p-2"],
    }
    looked = visit | {
        "started_at": moment(micros(START) + 50 * MINUTE),
        "ended_at": moment(micros(START) + 50 * MINUTE),
        "closed_at": moment(micros(START) + 80 * MINUTE),
        "events": 1,
        "views": 1,
        "carts": 0,
        "purchases": 0,
        "removals": 0,
        "revenue": money(0),
        "product_count": 1,
        "seconds": 0,
        "converted": False,
        "furthest": "view",
        "products": ["p-2"],
    }
    put(connection, "answers.sessions", [bought, looked])
    # The second is open at the time of the publication.
    put(connection, "gold.sessions", [bought])
    put(
        connection,
        "answers.published",
        [{"table_name": "gold.sessions", "closed_until": moment(micros(START) + 60 * MINUTE)}],
    )
    first = {"product_id": "p-1", "views": 1, "carts": 1, "purchases": 0}
    second = {"product_id": "p-2", "views": 1, "carts": 0, "purchases": 1}
    day = {"day": START.replace(hour=0), "currency": one.currency}
    put(
        connection,
        "answers.product_activity",
        [first | day | {"revenue": money(0)}, second | day | {"revenue": money(999)}],
    )
    hour = {"category": "Toys", "hour": START}
    put(
        connection,
        "answers.trending",
        [first | hour | {"score": 4}, second | hour | {"score": 11}],
    )
    put(
        connection,
        "answers.recent_views",
        [
            {"user_id": "sub_a", "product_id": "p-1", "viewed_at": START},
            {
                "user_id": "sub_a",
                "product_id": "p-2",
                "viewed_at": moment(micros(START) + 50 * MINUTE),
            },
        ],
    )


def _hot(connection: duckdb.DuckDBPyConnection, currency: str) -> None:
    fill(connection, "hot.moment", [(micros(START) + 60 * MINUTE,)])
    days = {
        "p-1": {"views": 1, "carts": 1, "purchases": 0, f"revenue:{currency}": 0},
        "p-2": {"views": 1, "carts": 0, "purchases": 1, f"revenue:{currency}": 999},
    }
    viewed = {"p-1": micros(START), "p-2": micros(START) + 50 * MINUTE}
    hour = {"p-1": 4, "p-2": 11}
    for keys, key, entries in (
        (VIEWED, "user:{sub_a}:viewed", viewed),
        *((PRODUCT_DAY, f"product:{{{product}}}:20260302", days[product]) for product in days),
        (TRENDING_IN_HOUR, "trending:{Toys}:2026030209", hour),
    ):
        rows = [(keys.template, key, entry, value) for entry, value in entries.items()]
        fill(connection, "hot.entries", rows)


def filled() -> duckdb.DuckDBPyConnection:
    """A shop with orders and clicks, whose answers are what the proofs derive, in every store."""
    shop = Shop.usual()
    shop.visit()
    connection = connect()
    shop.open_lake(connection)
    fill(connection, "hot.moment", [(micros(START) + 60 * MINUTE,)])
    prepare(connection)
    answer_checks(connection, ANSWERS, find_proofs(default_rules()))
    for answer in ANSWERS:
        table = f"answers.{answer.table.name}"
        names = ", ".join(column.name for column in answer.proved)
        key = ", ".join(answer.table.key)
        derived = (
            f"SELECT {names}{_sets(answer.table)} FROM {derived_relation(answer)} ORDER BY {key}"
        )
        connection.execute(f"INSERT INTO {table} BY NAME {derived}")
        if gold := answer.gold_table:
            published = ", ".join(gold.names)
            connection.execute(
                f"INSERT INTO {gold.name} BY NAME SELECT {published} FROM {table} ORDER BY {key}"
            )
            mark = {"table_name": gold.name, "closed_until": START + timedelta(days=9)}
            put(connection, "answers.published", [mark])
        for keys in answer.hot:
            connection.execute(
                f"INSERT INTO hot.entries SELECT ?, key, entry, value "
                f"FROM ({hot_entries(answer, keys)}) ORDER BY ALL",
                [keys.template],
            )
    return connection


def _sets(table: Table) -> str:
    """A set that no proof derives, with as many members as the column with its size says."""
    sizes = {column.generated: column.name for column in table.columns}
    return "".join(
        f", range({size})::VARCHAR[] AS {column.name}"
        for column in table.columns
        if column.type == "texts" and (size := sizes.get(f"cardinality({column.name})"))
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
        "topic": record.topic,
        "topic_id": TOPIC_IDS[record.topic],
        "cluster_id": CLUSTER,
        "partition": record.partition,
        "offset": record.offset,
        "append_time": moment(record.append_us),
    }


def table_row(table: Table, record: Record) -> Row:
    """What a table holds of a record's event, each field in the type of its column."""
    event = record.event
    assert event is not None
    source = event.source
    fields = {
        column.name: in_column(column, getattr(event, column.name))
        for column in table.columns
        if hasattr(event, column.name)
    }
    return origin(record) | fields | {"canary": source.producer == "canary"}


def in_column(column: Column, value: Any) -> Any:
    """A field of an event, as its column holds it."""
    if value is not None and column.type == "timestamp":
        return moment(value)
    if value is not None and column.type == "money":
        return money(value)
    if column.type == "lines":
        names = ("product_id", "product_name", "category", "quantity")
        return [
            {name: getattr(line, name) for name in names}
            | {"unit_price": Decimal(line.unit_price).scaleb(-4)}
            for line in value
        ]
    return value


def silver_row(record: Record, table: Table = SILVER[ORDERS_TOPIC.name]) -> Row:
    event = record.event
    assert event is not None
    return table_row(table, record) | {
        "source_run": event.source.run,
        "source_producer": event.source.producer,
        "source_sequence": event.source.sequence,
        "late_by_us": record.append_us - event.event_time,
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
    cells: dict[tuple[str, int], list[int]] = defaultdict(lambda: [0, 0, 0])
    for record in records:
        window = record.append_us - record.append_us % (300 * SECOND)
        cells[record.topic, window][2 if record.reason else 1 if record.twin else 0] += 1
    return [
        {
            "topic": topic,
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
        for (topic, window), (silver, duplicate, quarantine) in cells.items()
    ]

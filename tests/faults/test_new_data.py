"""What a running shop meets one day: a newer schema, values that are no events, a new question."""

from __future__ import annotations

import io
import json
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, uuid5

import fastavro
import pytest
from confluent_kafka import Producer

from contracts.codec import header
from contracts.registries import open_registry
from contracts.registry import SchemaVersion
from contracts.topics import ORDERS
from local.home import Home
from tests.contracts import poison
from tests.contracts.poison import POISON
from tests.shop import ROOT, Shop, open_shop

pytestmark = [pytest.mark.e2e, pytest.mark.faults]

GIFTS = 50
# Brokers refuse larger values by themselves; the time of the last one has come since.
REFUSED = [
    case
    for case in POISON
    if case.reason and len(case.value or b"") < 1_000_000 and case.name != "more than 5 min ahead"
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("shop")) as shop:
        shop.up()
        shop.replay("--limit", "2000")
        yield shop


def produce(shop: Shop, records: Iterable[tuple[str, bytes | None, bytes | None]]) -> None:
    """Send (topic, key, value) records and wait until they are acknowledged."""
    producer = Producer({"bootstrap.servers": shop.status()["bootstrap_servers"]})
    for topic, key, value in records:
        producer.produce(topic, value, key)
    assert producer.flush(60) == 0


def test_orders_in_a_newer_schema_need_no_restart(shop: Shop) -> None:
    registry = open_registry(Home(shop.home).registry)
    schema = json.loads(registry.latest(ORDERS.schema).schema)
    schema["fields"].append({"name": "gift_note", "type": ["null", "string"], "default": None})
    newer = registry.register(ORDERS.schema, json.dumps(schema))
    assert newer.number == 2
    driver = shop.spark()
    produce(shop, [(ORDERS.name, b"c-1", gift(newer, number)) for number in range(GIFTS)])
    shop.replay("--start", "2001", "--limit", "2000")

    report = shop.verified()
    assert report["quarantine"] == {}
    assert report["unexpected"] == GIFTS
    assert report["silver"] == report["acknowledged"] + GIFTS
    assert shop.query("SELECT count(*) FROM orders WHERE order_id LIKE 'gift-%'") == [(GIFTS,)]
    assert shop.spark() == driver
    shown = shop.run("tail", ORDERS.name, "--from-beginning", "--no-follow").stdout
    assert shown.count('"gift_note": "with love"') == GIFTS


def gift(version: SchemaVersion, number: int) -> bytes:
    """An order as a newer writer sends it."""
    order: dict[str, Any] = poison.order(
        event_id=str(uuid5(NAMESPACE_OID, f"gift {number}")),
        order_id=f"gift-{number}",
        gift_note="with love",
    )
    out = io.BytesIO()
    schema = fastavro.parse_schema(json.loads(version.schema))
    fastavro.schemaless_writer(out, schema, order, strict=True)
    return header(version.id) + out.getvalue()


def test_values_that_are_no_events_are_set_aside_by_reason(shop: Shop) -> None:
    driver = shop.spark()
    produce(shop, [(case.topic.name, case.key, case.value) for case in REFUSED])
    shop.replay("--start", "4001", "--limit", "2000")

    report = shop.verified()
    assert report["quarantine"] == Counter(case.reason for case in REFUSED)
    # Counted where a producer keeps a ledger: in the topic of the orders.
    assert report["unexpected"] == GIFTS + sum(case.topic == ORDERS for case in REFUSED)
    assert shop.spark() == driver
    listed = json.loads(shop.run("quarantine", "list", "--json").stdout)
    found = {(row["topic"], row["reason"]): row["records"] for row in listed}
    assert found == Counter((case.topic.name, case.reason) for case in REFUSED)


QUESTION = '''"""How many orders came from each location?

Grain: one row per location.
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from contracts.tables.postgres import ORDERS_BY_LOCATION
from emr_jobs.questions.merge import Merge, total

MERGE = Merge(into=ORDERS_BY_LOCATION, columns={"orders": total})


def partials(orders: DataFrame) -> DataFrame:
    return orders.groupBy("location").agg(F.count("*").alias("orders"))
'''
TABLE = """ORDERS_BY_LOCATION = Table(
    "orders_by_location",
    "one row a location",
    (Column("location", "text"), Column("orders", "bigint")),
    key=("location",),
)
"""
TABLES = "POSTGRES_TABLES: tuple[Table, ...] = (\n"
IMPORTED = "from emr_jobs.questions import fraud_alerts, order_metrics\n"
ENTRIES = "    return (\n        Merged("


def test_a_question_added_at_the_next_start_answers_from_then_on(
    shop: Shop, tmp_path: Path
) -> None:
    asked = shop.query("SELECT count(*) FROM orders")[0][0]
    assert asked > 0
    checkpoints = {path.name for path in (shop.home / "checkpoints" / "orders").iterdir()}
    newer = Shop(shop.folder, tree=with_one_more_question(tmp_path))
    newer.answer("down")
    newer.up()
    second = newer.replay("--start", "6001", "--limit", "2000")
    newer.verified()

    found = {path.name for path in (shop.home / "checkpoints" / "orders").iterdir()}
    assert found == checkpoints, "the application goes on from its checkpoint"
    batches = "SELECT batch_id FROM journal WHERE application = 'orders' ORDER BY sequence"
    numbers = [row[0] for row in shop.query(batches)]
    assert numbers == sorted(set(numbers)), "Spark's batch numbers go on"
    counted = shop.query("SELECT sum(orders)::int FROM orders_by_location")
    assert counted == [(second["acknowledged"],)]


def with_one_more_question(folder: Path) -> Path:
    """A copy of the checkout with a question more: a module, a table, an entry."""
    tree = folder / "tree"
    for name in ("contracts", "emr_jobs", "examples", "lambdas", "local", "ops", "producer"):
        shutil.copytree(
            ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__", "*.gz")
        )
    (tree / "emr_jobs" / "questions" / "orders_by_location.py").write_text(QUESTION)
    entry = 'Merged("orders_by_location", orders_by_location.MERGE, orders_by_location.partials),'
    put(tree / "contracts/tables/postgres.py", TABLES, TABLE, TABLES, "    ORDERS_BY_LOCATION,\n")
    questions = tree / "emr_jobs/apps/order_questions.py"
    put(questions, IMPORTED, "from emr_jobs.questions import orders_by_location\n", IMPORTED)
    put(questions, ENTRIES, f"    return (\n        {entry}\n        Merged(")
    return tree


def put(path: Path, old: str, *new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1, f"{path.name} has {old!r} {text.count(old)} times"
    path.write_text(text.replace(old, "".join(new)))

"""What a running shop meets one day, and how it is seen: values that are no events, orders in a
newer schema, a new question."""

from __future__ import annotations

import csv
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
from contracts.registry import SchemaVersion
from contracts.registry.opening import open_registry
from contracts.topics import ORDERS, SOURCES
from local.home import Home
from tests.contracts import poison
from tests.contracts.poison import POISON
from tests.shop import BY_COMMAND, ROOT, Shop, eventually, open_shop

pytestmark = pytest.mark.e2e

GIFTS = 50
# Larger ones the brokers refuse by themselves; a moment ahead of the corpus' append time is long
# past by a running broker's.
FIT = [
    case
    for case in POISON
    if len(case.value or b"") < 1_000_000 and case.name != "more than 5 min ahead"
]
# One event of each topic, twice: others of the corpus are the same event with other contents.
EVENTS = 2 * list({case.topic: case for case in reversed(FIT) if not case.reason}.values())
SENT = [*(case for case in FIT if case.reason), *EVENTS]
REFUSED = Counter((case.topic.name, case.reason) for case in SENT if case.reason)
GOOD = Counter(case.topic.name for case in EVENTS)
COUNTS = """
    SELECT topic, (SELECT count(*) FROM bronze.quarantine q WHERE q.topic = e.topic) AS refused,
           (SELECT count(*) FROM bronze.duplicates d WHERE d.topic = e.topic) AS twins,
           count(*) AS n
    FROM bronze.events e GROUP BY topic
"""
# Records that no ledger has count in the topics that have one: in the orders'.
BESIDE_THE_LEDGER = sum(case.topic == ORDERS for case in SENT)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A stack that has met every value of the corpus."""
    with open_shop(tmp_path_factory.mktemp("shop")) as shop:
        shop.up()
        produce(shop, [(case.topic.name, case.key, case.value) for case in SENT])
        eventually(
            lambda: counted(shop).total() >= REFUSED.total(),
            "all poison in quarantine",
            300,
            BY_COMMAND,
        )
        yield shop


def produce(shop: Shop, records: Iterable[tuple[str, bytes | None, bytes | None]]) -> None:
    """Send (topic, key, value) records and wait until they are acknowledged."""
    producer = Producer({"bootstrap.servers": shop.status()["bootstrap_servers"]})
    for topic, key, value in records:
        producer.produce(topic, value, key)
    assert producer.flush(60) == 0


def counted(shop: Shop) -> Counter[tuple[str, str]]:
    return Counter(
        {(row["topic"], row["reason"]): row["records"] for row in shop.rows("quarantine", "list")}
    )


def test_the_lake_has_each_value_under_the_reason_that_the_contract_gives(shop: Shop) -> None:
    assert counted(shop) == REFUSED


def test_tail_gives_the_same_reasons(shop: Shop) -> None:
    found: Counter[tuple[str, str]] = Counter()
    for topic in SOURCES:
        done = shop.run("tail", topic.name, "--from-beginning", "--no-follow")
        shown = [json.loads(line) for line in done.stdout.splitlines()]
        found.update((topic.name, one["rejected"]) for one in shown if "rejected" in one)
        assert len([one for one in shown if "event" in one]) == GOOD[topic.name]
    assert found == REFUSED


def test_tail_ends_at_its_limit_although_it_follows(shop: Shop) -> None:
    assert len(shop.run("tail", SOURCES[1].name, "--limit", "3").stdout.splitlines()) == 3


def test_sql_reads_lake_and_postgres_in_one_query(shop: Shop) -> None:
    for row in shop.rows("sql", COUNTS):
        topic = str(row["topic"])
        assert row["n"] == REFUSED_BY_TOPIC[topic] + GOOD[topic]
        assert row["refused"] == REFUSED_BY_TOPIC[topic]
        # Every good value is a copy of one event, so all but one are duplicates.
        assert row["twins"] == GOOD[topic] - 1
    joined = (
        "SELECT s.total, p.total, s.location FROM silver.orders s "
        "JOIN pg.orders p ON p.event_id::text = s.event_id"
    )
    (found,) = csv.DictReader(io.StringIO(shop.run("sql", joined, "--csv").stdout))
    assert found["total"] == "15.30"


REFUSED_BY_TOPIC = Counter(topic for topic, _ in REFUSED.elements())


def test_quarantined_bytes_are_shown_on_demand_alone(shop: Shop) -> None:
    line = ("quarantine", "show", "--reason", "unknown_schema", "--limit", "1")
    (masked,) = shop.rows(*line)
    assert "value" not in masked
    (raw,) = shop.rows(*line, "--raw")
    assert len(str(raw["value"])) == 2 * int(str(raw["bytes"]))


def test_a_topic_of_ones_own_comes_and_goes(shop: Shop) -> None:
    made = shop.rows("topics", "create", "mine", "--partitions", "2", "--retention", "12h")
    assert [len(topic["partitions"]) for topic in made] == [2]  # type: ignore[arg-type]
    assert shop.run("topics", "create", "mine").returncode == 1
    assert shop.answer("topics", "describe", "mine")["timestamp_type"] == "LogAppendTime"
    assert shop.run("topics", "delete", "mine").returncode == 2
    assert shop.answer("topics", "delete", "mine", "--yes") == {"deleted": "mine", "messages": 0}
    assert "mine" not in [topic["name"] for topic in shop.rows("topics", "list")]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (("topics", "describe", "mine"), "known: ecommerce-alerts"),
        (("tail", "mine"), "known: ecommerce-alerts"),
        (("sql", "DELETE FROM bronze.events"), "only one SELECT"),
        (("sql", "SELECT * FROM vault.subjects"), "does not exist"),
        (("quarantine", "show", "--reason", "ugly"), "known: empty"),
    ],
)
def test_a_wrong_line_is_a_misuse(shop: Shop, line: tuple[str, ...], said: str) -> None:
    done = shop.run(*line)
    assert done.returncode == 2
    assert said in done.stderr


def test_orders_go_on_beside_them(shop: Shop) -> None:
    driver = shop.spark()
    shop.replay("--limit", "2000")
    report = shop.verified()
    assert report["quarantine"] == Counter(reason for _, reason in REFUSED.elements())
    assert report["unexpected"] == BESIDE_THE_LEDGER
    assert shop.spark() == driver


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
    assert report["unexpected"] == BESIDE_THE_LEDGER + GIFTS
    assert report["silver"] == report["acknowledged"] + len(SOURCES) + GIFTS
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
    second = newer.replay("--start", "4001", "--limit", "2000")
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

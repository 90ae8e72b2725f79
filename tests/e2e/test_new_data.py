"""What a running shop meets one day, and how it is seen: a new question, as docs/extend.md adds it,
values that are no events, and orders in a newer schema."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator
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
from tests.contracts import handmade
from tests.contracts.poison import POISON
from tests.e2e.page import Page
from tests.shop import BY_COMMAND, Shop, eventually, open_shop

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
# What the commands of the page have sent, by topic.
EARLIER: Counter[str] = Counter()
# Records that no ledger has count in the topics that have one: in the orders'.
BESIDE_THE_LEDGER = sum(case.topic == ORDERS for case in SENT)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Page:
    """docs/extend.md, with its files written into a copy of the checkout."""
    return Page.written(tmp_path_factory.mktemp("page"))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, page: Page) -> Iterator[Shop]:
    """A stack on which the commands of the page were run, and that then met every value of the
    corpus."""
    with open_shop(tmp_path_factory.mktemp("shop"), tree=page.tree) as shop:
        for command in page.commands:
            if command[0] == "up":
                shop.up(*command[1:])
            else:
                done = shop.run(*command)
                assert done.returncode == 0, f"{command}: {done.stdout}\n{done.stderr}"
        applied = (
            "SELECT topic, sum(until)::int FROM progress WHERE application = 'ingest' GROUP BY 1"
        )
        EARLIER.update(dict(shop.query(applied)))
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
        assert (
            len([one for one in shown if "event" in one]) == GOOD[topic.name] + EARLIER[topic.name]
        )
    assert found == REFUSED


def test_tail_ends_at_its_limit_although_it_follows(shop: Shop) -> None:
    assert len(shop.run("tail", SOURCES[1].name, "--limit", "3").stdout.splitlines()) == 3


def test_sql_reads_lake_and_postgres_in_one_query(shop: Shop) -> None:
    for row in shop.rows("sql", COUNTS):
        topic = str(row["topic"])
        assert row["n"] == REFUSED_BY_TOPIC[topic] + GOOD[topic] + EARLIER[topic]
        assert row["refused"] == REFUSED_BY_TOPIC[topic]
        # Every good value is a copy of one event, so all but one are duplicates.
        assert row["twins"] == GOOD[topic] - 1
    joined = (
        "SELECT s.total, p.total, s.location FROM silver.orders s "
        "JOIN pg.orders p ON p.event_id::text = s.event_id WHERE s.source_producer = 'poison'"
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
    assert [len(topic["partitions"]) for topic in made] == [2]
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
    shop.replay("--limit", "2000", "--new-run")
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
    shop.replay("--start", "2001", "--limit", "2000", "--new-run")

    report = shop.verified()
    assert report["unexpected"] == BESIDE_THE_LEDGER + GIFTS
    assert report["silver"] == report["acknowledged"] + len(SOURCES) + GIFTS
    assert shop.query("SELECT count(*) FROM orders WHERE order_id LIKE 'gift-%'") == [(GIFTS,)]
    assert shop.spark() == driver
    shown = shop.run("tail", ORDERS.name, "--from-beginning", "--no-follow").stdout
    assert shown.count('"gift_note": "with love"') == GIFTS


def gift(version: SchemaVersion, number: int) -> bytes:
    """An order as a newer writer sends it."""
    order: dict[str, Any] = handmade.order(
        event_id=str(uuid5(NAMESPACE_OID, f"gift {number}")),
        order_id=f"gift-{number}",
        gift_note="with love",
    )
    out = io.BytesIO()
    schema = fastavro.parse_schema(json.loads(version.schema))
    fastavro.schemaless_writer(out, schema, order, strict=True)
    return header(version.id) + out.getvalue()


def test_the_question_of_the_page_is_proved(shop: Shop, page: Page) -> None:
    report = shop.verified()
    assert report["unproved"] == []
    (check,) = (one for one in checks(report) if f"{page.question} in Postgres" in one["name"])
    assert check["expected"] > 0


def test_a_row_of_its_answer_altered_by_hand_is_red(shop: Shop, page: Page) -> None:
    (column,) = shop.query(
        "SELECT min(column_name) FROM information_schema.columns WHERE data_type = 'bigint' "
        f"AND table_name = '{page.question}' AND column_name <> 'changed_in'"
    )[0]
    table, a_row = page.question, f"ctid = (SELECT ctid FROM {page.question} LIMIT 1)"
    (row,) = shop.query(
        f"UPDATE {table} SET {column} = {column} + 2 WHERE {a_row} RETURNING ctid::text"
    )[0]
    done = shop.run("verify", "--json")
    shop.query(f"UPDATE {table} SET {column} = {column} - 2 WHERE ctid = '{row}'")
    assert done.returncode == 1
    red = [one["name"] for one in checks(json.loads(done.stdout)) if not one["ok"]]
    assert [name for name in red if not name.startswith(page.question)] == []
    assert red


def test_without_its_proof_it_is_named_as_unproved(shop: Shop, page: Page) -> None:
    """By `verify`, and by the test of `make check`."""
    with page.without_proof():
        done = shop.run("verify", "--json")
        checked = page.questions_checked()
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert (report["unproved"], report["green"]) == ([page.question], False)
    assert all(one["ok"] for one in checks(report))
    assert checked.returncode == 1
    assert f"proof/questions/{page.question}.sql" in checked.stdout
    assert page.questions_checked().returncode == 0


def checks(report: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for level in report["levels"].values() for one in level["checks"]]


def test_with_other_questions_the_application_goes_on_from_its_checkpoint(shop: Shop) -> None:
    checkpoints = {path.name for path in (shop.home / "checkpoints" / "orders").iterdir()}
    older = Shop(shop.folder)
    older.answer("down")
    older.up()
    older.replay("--start", "4001", "--limit", "2000", "--new-run")
    older.verified()

    found = {path.name for path in (shop.home / "checkpoints" / "orders").iterdir()}
    assert found == checkpoints
    batches = "SELECT batch_id FROM journal WHERE application = 'orders' ORDER BY sequence"
    numbers = [row[0] for row in shop.query(batches)]
    assert numbers == sorted(set(numbers)), "Spark's batch numbers go on"

"""Poison in a running stack, seen by what looks at it: topics, tail, sql, quarantine."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator

import pytest
from confluent_kafka import Producer

from contracts.topics import SOURCES
from tests.contracts.poison import POISON
from tests.shop import BY_COMMAND, Shop, eventually, open_shop

pytestmark = pytest.mark.e2e

# Larger ones the brokers refuse by themselves; a moment ahead of the corpus' append time is long
# past by a running broker's.
SENT = [
    case
    for case in POISON
    if len(case.value or b"") < 1_000_000 and case.name != "more than 5 min ahead"
]
REFUSED = Counter((case.topic.name, case.reason) for case in SENT if case.reason)
GOOD = Counter(case.topic.name for case in SENT if not case.reason)
COUNTS = """
    SELECT topic, (SELECT count(*) FROM bronze.quarantine q WHERE q.topic = e.topic) AS refused,
           (SELECT count(*) FROM bronze.duplicates d WHERE d.topic = e.topic) AS twins,
           count(*) AS n
    FROM bronze.events e GROUP BY topic
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("looking")) as shop:
        producer = Producer({"bootstrap.servers": shop.up()["bootstrap_servers"]})
        for case in SENT:
            producer.produce(case.topic.name, case.value, case.key)
            producer.poll(0)
        assert producer.flush(30) == 0
        eventually(
            lambda: counted(shop).total() >= REFUSED.total(),
            "all poison in quarantine",
            300,
            BY_COMMAND,
        )
        yield shop


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

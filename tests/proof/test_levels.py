"""Each level is green on stores that agree, and red with the right word when one does not."""

from __future__ import annotations

from dataclasses import dataclass, replace

import duckdb
import pytest

from proof.alerts.rules import default_rules
from proof.judging import judge
from proof.questions import find_proofs
from proof.report import Report
from tests.proof.shop import ORDERS, REGISTRY, RUN, TOPIC, Shop

FIRST = ORDERS[0].event_id


def report_of(connection: duckdb.DuckDBPyConnection, *, strict: bool = False) -> Report:
    return judge(connection, REGISTRY, default_rules(), strict=strict)


def red_levels(report: Report) -> set[str]:
    return {level.name for level in report.levels if not level.ok}


def red_checks(report: Report) -> set[str]:
    return {check.name for level in report.levels for check in level.checks if not check.ok}


def test_stores_that_agree_are_green() -> None:
    report = report_of(Shop.usual().open())
    assert (red_checks(report), report.red_words, report.green) == (set(), (), True)
    assert report.words == {
        "attempted": 8,
        "acknowledged": 7,
        "bronze": 10,
        "silver": 8,
        "late": 0,
        "duplicate": 1,
        "lost": 0,
        "unexpected": 1,
        "recovered": 1,
        "duplicated": 0,
        "conflicting": 0,
    }
    assert report.quarantine == {"bad_header": 1}


def test_every_check_of_the_control_compared_something() -> None:
    reports = [report_of(Shop.usual().open()), report_of(Shop.visited().open())]
    every = [c.name for level in reports[0].levels for c in level.checks]
    # Valkey's last check is of what must not be there.
    compared = {c.name for r in reports for level in r.levels for c in level.checks if c.expected}
    assert set(every) - compared == {"Valkey holds nothing else"}


@pytest.mark.parametrize(
    ("quarantined", "red"),
    [
        pytest.param(True, set(), id="and is in quarantine"),
        pytest.param(
            False, {"bronze holds each acknowledged event at its offset"}, id="and is not"
        ),
    ],
)
def test_an_acknowledged_value_whose_id_nobody_can_read(quarantined: bool, red: set[str]) -> None:
    shop = Shop.usual()
    connection = shop.open()
    junk = shop.records[-1]
    assert junk.order is None
    connection.execute("INSERT INTO ledger.attempts VALUES (?, 99, 'e-99', ?, 99)", [RUN, TOPIC])
    connection.execute(
        "INSERT INTO ledger.outcomes VALUES (?, 99, 'acknowledged', ?, ?, ?)",
        [RUN, junk.partition, junk.offset, junk.append_us],
    )
    if not quarantined:
        connection.execute("DELETE FROM bronze.quarantine")
    found = red_checks(report_of(connection))
    assert red <= found
    assert bool(found) is not quarantined


@dataclass(frozen=True)
class Mutation:
    """What is done to the stores, the checks that must fail, and the words that must count it."""

    statement: str
    checks: set[str]
    words: dict[str, int]


METRICS_OF_FIRST = "category = '*' AND location = 'France' AND order_count = 2"
BRONZE_FIRST = 'partition = 0 AND "offset" = 0'

MUTATIONS = {
    "a later event before an earlier one": Mutation(
        "; ".join(
            f"UPDATE ledger.{table} SET sequence = CASE sequence WHEN 2 THEN 4 ELSE 2 END "
            "WHERE sequence IN (2, 4)"
            for table in ("attempts", "outcomes")
        ),
        {"what a run sent to a partition is there in the order it was sent"},
        {"lost": 0},
    ),
    "offset missing in bronze": Mutation(
        'DELETE FROM bronze.events WHERE partition = 0 AND "offset" = 1',
        {
            "bronze holds each acknowledged event at its offset",
            "no offset is missing between the first and the last",
            "bronze = silver + duplicate + quarantine in each topic and hour",
            "each record has exactly one outcome",
        },
        {"bronze": 9, "lost": 0},
    ),
    "first offset missing in bronze": Mutation(
        f"DELETE FROM bronze.events WHERE {BRONZE_FIRST}",
        {
            "bronze begins where the broker does, or before",
            "bronze = silver + duplicate + quarantine in each topic and hour",
            "each record has exactly one outcome",
        },
        {"bronze": 9},
    ),
    "last offset missing in bronze": Mutation(
        'DELETE FROM bronze.events WHERE partition = 0 AND "offset" = 4',
        {
            "bronze ends where the broker does",
            "ingest's recorded progress is where bronze ends",
            "bronze = silver + duplicate + quarantine in each topic and hour",
            "each record has exactly one outcome",
        },
        {"bronze": 9},
    ),
    "bronze row doubled": Mutation(
        f"INSERT INTO bronze.events FROM bronze.events WHERE {BRONZE_FIRST}",
        {
            "no offset is held twice",
            "bronze = silver + duplicate + quarantine in each topic and hour",
        },
        {"duplicated": 1},
    ),
    "lake file gone": Mutation(
        "INSERT INTO lake_missing_files VALUES ('silver.orders', '/gone.parquet')",
        {"every data file that the lake names is there"},
        {},
    ),
    "topic shorter than what it acknowledged": Mutation(
        "UPDATE broker.partitions SET high = 3 WHERE partition = 1 AND topic = 'ecommerce-orders'",
        {"acknowledged offsets lie inside the topic", "bronze ends where the broker does"},
        {},
    ),
    "other event at an acknowledged offset": Mutation(
        f"UPDATE bronze.events SET value = (SELECT value FROM bronze.events WHERE {BRONZE_FIRST}) "
        'WHERE partition = 1 AND "offset" = 0',
        {"bronze holds each acknowledged event at its offset"},
        {},
    ),
    "one offset acknowledged twice": Mutation(
        'UPDATE ledger.outcomes SET "offset" = 0, partition = 1 WHERE sequence = 3',
        {
            "no offset was acknowledged for two attempts",
            "bronze holds each acknowledged event at its offset",
        },
        {},
    ),
    "silver row and its record gone": Mutation(
        f"DELETE FROM silver.orders WHERE event_id = '{ORDERS[1].event_id}'",
        {
            "bronze = silver + duplicate + quarantine in each topic and hour",
            "each record has exactly one outcome",
            "the orders in Postgres are the orders in silver",
            "each order in Postgres names a record of its event",
            "order_metrics in Postgres equals what is derived from silver",
            "quality in Postgres equals what is derived from silver",
        },
        {"lost": 1},
    ),
    "silver row doubled": Mutation(
        f"INSERT INTO silver.orders FROM silver.orders WHERE event_id = '{FIRST}'",
        {
            "bronze = silver + duplicate + quarantine in each topic and hour",
            "each record has exactly one outcome",
            "no event is in silver twice",
            "order_metrics in Postgres equals what is derived from silver",
            "quality in Postgres equals what is derived from silver",
        },
        {"duplicated": 1},
    ),
    "quarantined row lost": Mutation(
        "DELETE FROM bronze.quarantine",
        {
            "bronze = silver + duplicate + quarantine in each topic and hour",
            "each record has exactly one outcome",
            "quality in Postgres equals what is derived from silver",
        },
        {},
    ),
    "quarantine with a reason that nobody knows": Mutation(
        "UPDATE bronze.quarantine SET reason = 'whim'",
        {"each quarantined record has a known reason"},
        {},
    ),
    "record in silver and in quarantine": Mutation(
        "INSERT INTO bronze.quarantine BY NAME SELECT topic, topic_id, cluster_id, partition, "
        f"\"offset\", append_time, 'empty' AS reason FROM silver.orders WHERE event_id = '{FIRST}'",
        {
            "bronze = silver + duplicate + quarantine in each topic and hour",
            "each record has exactly one outcome",
            "quality in Postgres equals what is derived from silver",
        },
        {"duplicated": 1},
    ),
    "duplicate without its twin": Mutation(
        "UPDATE bronze.duplicates SET twin_offset = 1",
        {"each duplicate names a twin in silver", "no two contents share one event id"},
        {"conflicting": 1},
    ),
    "order missing in Postgres": Mutation(
        f"DELETE FROM answers.orders WHERE event_id = '{FIRST}'",
        {"the orders in Postgres are the orders in silver"},
        {},
    ),
    "order in Postgres that silver has not": Mutation(
        "INSERT INTO answers.orders BY NAME SELECT * REPLACE (uuid()::VARCHAR AS event_id) "
        f"FROM answers.orders WHERE event_id = '{FIRST}'",
        {
            "the orders in Postgres are the orders in silver",
            "each order in Postgres names a record of its event",
        },
        {},
    ),
    "order total altered in Postgres": Mutation(
        f"UPDATE answers.orders SET total = total + 0.01 WHERE event_id = '{FIRST}'",
        {"the orders in Postgres are the orders in silver"},
        {},
    ),
    "order counted from a record that is not its own": Mutation(
        f"UPDATE answers.orders SET \"offset\" = 2 WHERE event_id = '{FIRST}'",
        {"each order in Postgres names a record of its event"},
        {},
    ),
    "answer altered in Postgres": Mutation(
        f"UPDATE answers.order_metrics SET revenue = revenue + 0.01 WHERE {METRICS_OF_FIRST}",
        {
            "order_metrics in Postgres equals what is derived from silver",
            "gold.order_metrics equals Postgres for closed rows",
        },
        {},
    ),
    "alert removed from Postgres": Mutation(
        "DELETE FROM answers.alerts WHERE rule = 'amount'",
        {
            "fraud_alerts in Postgres equals what is derived from silver",
            "the alerts topic holds the alerts in Postgres",
            "gold.fraud_alerts equals Postgres",
        },
        {},
    ),
    "alert never sent": Mutation(
        "DELETE FROM broker.alerts WHERE alert_id IN "
        "(SELECT alert_id FROM answers.alerts WHERE rule = 'amount')",
        {"the alerts topic holds the alerts in Postgres"},
        {},
    ),
    "alert in the topic that no rule raised": Mutation(
        "INSERT INTO broker.alerts VALUES (0, 9, uuid()::VARCHAR)",
        {"the alerts topic holds the alerts in Postgres"},
        {},
    ),
    "alert of another rule's severity": Mutation(
        "UPDATE answers.alerts SET severity = 'low' WHERE rule = 'amount'; "
        "UPDATE gold.fraud_alerts SET severity = 'low' WHERE rule = 'amount'",
        {"fraud_alerts in Postgres equals what is derived from silver"},
        {},
    ),
    "progress beyond bronze": Mutation(
        "UPDATE answers.progress SET until = until + 1 "
        "WHERE application = 'ingest' AND partition = 0",
        {"ingest's recorded progress is where bronze ends"},
        {},
    ),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_mutation_is_red_in_its_checks_and_counted_by_its_word(name: str) -> None:
    mutation = MUTATIONS[name]
    connection = Shop.usual().open()
    connection.execute(mutation.statement)
    report = report_of(connection)
    assert not report.green
    assert red_checks(report) == mutation.checks
    assert {word: report.words[word] for word in mutation.words} == mutation.words


def test_a_difference_is_shown_with_its_key_and_both_values() -> None:
    connection = Shop.usual().open()
    connection.execute(MUTATIONS["order total altered in Postgres"].statement)
    (check,) = (c for level in report_of(connection).levels for c in level.checks if not c.ok)
    (sample,) = check.samples
    assert sample.key == FIRST
    assert "'total': 766" in str(sample.expected)
    assert "'total': 767" in str(sample.actual)


CONTENT = {
    "sent again later": (replace(ORDERS[1], sent_at=ORDERS[1].sent_at + 60_000_000), None),
    "sent by another run": (
        replace(ORDERS[1], source=replace(ORDERS[1].source, run="run-2")),
        None,
    ),
    "another location": (replace(ORDERS[1], location="Spain"), "location"),
    "another total and lines": (
        replace(ORDERS[1], total=1, lines=ORDERS[2].lines),
        "lines, total",
    ),
}


@pytest.mark.parametrize("name", CONTENT)
def test_twins_may_differ_in_when_and_by_whom_they_were_sent_only(name: str) -> None:
    copy, differing = CONTENT[name]
    shop = Shop.usual()
    shop.append(0, copy, after=600)
    connection = shop.open()
    report = report_of(connection)
    found = connection.execute("SELECT differing FROM conflicts").fetchall()
    assert found == ([(differing,)] if differing else [])
    assert report.words["conflicting"] == (1 if differing else 0)
    assert ("L3" in red_levels(report)) == bool(differing)


def test_another_run_counts_from_the_beginning_again() -> None:
    connection = Shop.usual().open()
    connection.execute("INSERT INTO ledger.runs SELECT * REPLACE ('run-2' AS run) FROM ledger.runs")
    for table in ("attempts", "outcomes"):
        connection.execute(
            f"UPDATE ledger.{table} SET run = 'run-2', sequence = sequence - 4 WHERE sequence >= 4"
        )
    assert red_checks(report_of(connection)) == set()


def test_events_that_no_run_sent_are_red_only_when_strict() -> None:
    connection = Shop.usual().open()
    assert report_of(connection).green
    connection = Shop.usual().open()
    assert report_of(connection, strict=True).red_words == ("unexpected",)


def test_an_unacknowledged_attempt_that_is_not_there_is_not_lost() -> None:
    connection = Shop.usual().open()
    connection.execute(
        "INSERT INTO ledger.attempts VALUES "
        "('run-1', 99, '00000000-0000-5000-8000-000000000000', 'ecommerce-orders', 99)"
    )
    report = report_of(connection)
    assert report.green
    assert (report.words["attempted"], report.words["recovered"]) == (9, 1)


def test_a_topic_created_again_is_judged_by_bronze_and_says_so() -> None:
    connection = Shop.usual().open()
    connection.execute("DELETE FROM broker.partitions WHERE topic = 'ecommerce-orders'")
    connection.execute("INSERT INTO broker.partitions VALUES ('ecommerce-orders', 'new', 0, 0, 0)")
    report = report_of(connection)
    assert report.green
    assert "is no longer at the broker" in " ".join(report.levels[0].notes)


def test_offsets_that_retention_took_from_the_topic_are_proved_by_bronze() -> None:
    connection = Shop.usual().open()
    connection.execute("UPDATE broker.partitions SET low = 3 WHERE topic = 'ecommerce-orders'")
    assert report_of(connection).green


def test_a_late_event_is_counted_and_nothing_else() -> None:
    shop = Shop.usual()
    shop.append(0, replace(ORDERS[1], event_id=FIRST.replace("-5", "-6", 1)), after=1_000)
    report = report_of(shop.open())
    assert (report.words["late"], report.green) == (1, True)


@pytest.mark.parametrize(
    "estimate, exact, holds",
    [
        pytest.param(1, 0, True, id="one beside none"),
        pytest.param(2, 0, False, id="two beside none"),
        pytest.param(1_048, 1_000, True, id="within 4.875 percent"),
        pytest.param(1_049, 1_000, False, id="beyond 4.875 percent"),
    ],
)
def test_the_estimate_of_customers_stays_within_the_sketch_bound(
    estimate: int, exact: int, holds: bool
) -> None:
    (agrees,) = find_proofs(default_rules())["order_metrics"].sections_of("agrees")
    assert agrees.name == "unique_customers"
    (found,) = (
        duckdb.execute(
            f"SELECT {agrees.statement} FROM (SELECT {{'unique_customers': {exact}}} AS derived, "
            f"{{'unique_customers': {estimate}}} AS answered)"
        ).fetchone()
        or ()
    )
    assert found is holds

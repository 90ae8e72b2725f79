"""Each level is green on stores that agree, and red with the right word when one does not."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import pytest

from proof.alerts.rules import default_rules
from proof.judging import judge
from proof.questions import find_proofs
from proof.report import Report
from tests.proof.mutations import FIRST, MUTATIONS
from tests.proof.shop.events import ORDERS, RUN
from tests.proof.shop.records import REGISTRY, TOPIC
from tests.proof.shop.stores import Shop


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
        "skipped": 0,
        "silver": 8,
        "late": 0,
        "duplicate": 1,
        "lost": 0,
        "gap": 0,
        "unexpected": 1,
        "recovered": 1,
        "duplicated": 0,
        "conflicting": 0,
    }
    assert report.quarantine == {"bad_header": 1}


def test_every_check_of_the_control_compared_something() -> None:
    visited = Shop.visited()
    visited.promote()
    reports = [report_of(Shop.usual().open()), report_of(visited.open())]
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

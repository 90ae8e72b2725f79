"""The answers beside what the raw file gives: equal, or red with the number of differing rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from contracts.events import replayed_order_id
from contracts.topics import ORDERS as ORDERS_TOPIC
from ops import console
from ops.commands.verify.telling import tell
from proof.alerts.rules import default_rules
from proof.judging import judge, judge_source
from proof.report import Report
from proof.source import data_file as source
from readers.filling import fill
from tests.proof.shop.events import ORDERS, order
from tests.proof.shop.records import REGISTRY
from tests.proof.shop.stores import Shop

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
FILE = HEADER + (
    "7,p,bags,3,2026-03-02 09:00:05,2.55,1,France\n"
    "7,p,lamps,1,2026-03-02 09:00:05,0.005,1,France\n"
    "8,p,lamps,600,2026-03-02 09:00:45,2.10,,France\n"
    "9,p,lamps,none,2026-03-02 09:00:45,2.10,,France\n"
    "C7,p,bags,-1,2026-03-02 09:00:50,2.55,1,France\n"
)
NAMES = {0: "7", 2: "8", 3: "C7"}


# In the minute, category, place and amount of the file's own orders.
SIMULATED = order(9, after=10, lines=[("bags", 700, "2.10")], producer="simulate")


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The stores of a shop that replayed FILE, with all that the source comparison reads."""
    with opened(Shop(), tmp_path) as connection:
        yield connection


@pytest.fixture
def with_shoppers(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The same, of a shop where simulated shoppers bought meanwhile."""
    shop = Shop()
    shop.append(1, SIMULATED, after=0)
    with opened(shop, tmp_path) as connection:
        yield connection


@contextmanager
def opened(shop: Shop, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    for number, name in NAMES.items():
        event_id = replayed_order_id("e", name, ORDERS[number].kind)
        told = replace(ORDERS[number], event_id=event_id, order_id=name)
        shop.append(0, told, after=number)
    connection = shop.open()
    source.make_relations(connection)
    file = tmp_path / "file.csv"
    file.write_text(FILE)
    source.load_rows(connection, 0, source.inspect(file))
    for kind, patterns in (("category", "bags,bags\nlamps,lamps\n"), ("region", "*,Europe\n")):
        path = tmp_path / f"{kind}.csv"
        path.write_text(f"pattern,{kind}\n{patterns}")
        source.load_patterns(connection, kind, path)
    fill(connection, "source_rejected", [("r", "bad_quantity", 1)])
    yield connection
    connection.close()


def report_of(connection: duckdb.DuckDBPyConnection) -> Report:
    report = judge(connection, REGISTRY, default_rules())
    source.derive_events(connection, [source.ReplayedSlice("r", 0, "e", 0, 1, 9, 2**60)])
    return replace(
        report, source=judge_source(connection, [Path("f.csv")], default_rules(), {ORDERS_TOPIC})
    )


def test_answers_that_follow_from_the_file_are_green(stores: duckdb.DuckDBPyConnection) -> None:
    report = report_of(stores)
    document = report.as_json()
    assert report.green
    assert json.loads(json.dumps(document)) == document
    told = {name: document["source"][name] for name in ("file", "rows", "orders", "rejected_rows")}
    assert told == {"file": "f.csv", "rows": 5, "orders": 3, "rejected_rows": 1}
    assert document["source"]["mismatched_rows"] == 0


def test_orders_of_another_run_in_the_same_rows_leave_the_file_green(
    with_shoppers: duckdb.DuckDBPyConnection,
) -> None:
    report = report_of(with_shoppers)
    assert report.green
    assert report.source is not None
    assert report.source.counts["orders"] == 3
    assert report.source.counts["orders_of_other_runs"] == 1


UNEXPLAINED = {
    "an order that no run sent": (
        f"DELETE FROM ledger.attempts WHERE lower(event_id) = '{SIMULATED.event_id}'",
        {"orders", "order_metrics", "fraud_alerts"},
    ),
    "an amount that is not silver's": (
        "UPDATE answers.order_metrics SET revenue = revenue + 0.01 WHERE category = '*' "
        "AND window_start = (SELECT min(window_start) FROM answers.order_metrics)",
        {"order_metrics"},
    ),
    "an alert of the other run missing": (
        f"DELETE FROM answers.alerts WHERE subject = 'order:{SIMULATED.event_id}'",
        {"fraud_alerts"},
    ),
    "an order of the file missing": (
        "DELETE FROM answers.orders WHERE order_id = '8'",
        {"orders"},
    ),
}


@pytest.mark.parametrize("name", UNEXPLAINED)
def test_beside_orders_of_another_run_the_file_still_decides(
    name: str, with_shoppers: duckdb.DuckDBPyConnection
) -> None:
    statement, checks = UNEXPLAINED[name]
    with_shoppers.execute(statement)
    finding = report_of(with_shoppers).source
    assert finding is not None
    assert {check.name for check in finding.level.checks if not check.ok} == checks


CHANGES = {
    "revenue": (
        "UPDATE answers.order_metrics SET revenue = revenue + 0.01 WHERE category = 'bags'",
        {"order_metrics"},
        3,
    ),
    "a row missing": (
        "DELETE FROM answers.order_metrics WHERE category = '*'",
        {"order_metrics"},
        3,
    ),
    "a row too many": (
        "INSERT INTO answers.order_metrics FROM (SELECT * REPLACE ('x' AS category) "
        "FROM answers.order_metrics WHERE category = '*')",
        {"order_metrics"},
        3,
    ),
    "an order missing": ("DELETE FROM answers.orders WHERE order_id = '8'", {"orders"}, 0),
    "an order of another kind": (
        "UPDATE answers.orders SET kind = 'placed' WHERE order_id = 'C7'",
        {"orders"},
        0,
    ),
    "a customer of two tokens": (
        "UPDATE answers.orders SET customer_id = 'sub_z' WHERE order_id = 'C7'",
        {"customers"},
        0,
    ),
    "a token for nobody": (
        "UPDATE answers.orders SET customer_id = 'sub_z' WHERE order_id = '8'",
        {"customers"},
        0,
    ),
    "an alert missing": ("DELETE FROM answers.alerts WHERE rule = 'amount'", {"fraud_alerts"}, 1),
    "another number of rejected rows": (
        "UPDATE source_rejected SET told = 2",
        {"rejected rows"},
        0,
    ),
    "another reason": (
        "UPDATE source_rejected SET reason = 'bad_date'",
        {"rejected rows"},
        0,
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_does_not_follow_from_the_file_is_red(
    name: str, stores: duckdb.DuckDBPyConnection
) -> None:
    statement, checks, mismatched = CHANGES[name]
    stores.execute(statement)
    finding = report_of(stores).source
    assert finding is not None
    assert {check.name for check in finding.level.checks if not check.ok} == checks
    assert finding.mismatched_rows == mismatched


def test_a_person_reads_the_ledger_the_levels_and_the_differences(
    stores: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str] = []
    monkeypatch.setattr(console, "line", lambda text="", style=None: lines.append(text))
    monkeypatch.setattr(
        console, "table", lambda columns, rows, title="": lines.extend(" ".join(r) for r in rows)
    )
    stores.execute("UPDATE answers.orders SET total = 1 WHERE order_id = '8'")
    tell(report_of(stores))
    said = "\n".join(lines)
    assert "acknowledged 2 of these, confirmed by Kafka" in said
    assert "L4     RED Is silver a set" in said
    assert "the orders in Postgres are the orders in silver: 1 of 3 differ" in said
    assert "source RED" in said
    assert lines[-1] == "RED: L4, source"


def test_a_question_without_a_proof_is_said_and_red(
    stores: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str] = []
    monkeypatch.setattr(console, "line", lambda text="", style=None: lines.append(text))
    monkeypatch.setattr(console, "table", lambda columns, rows, title="": None)
    report = report_of(stores)
    assert (report.green, report.as_json()["unproved"]) == (True, [])
    lacking = replace(report, unproved=("funnel",))
    tell(lacking)
    assert (lacking.green, lacking.as_json()["unproved"]) == (False, ["funnel"])
    assert lines[-2:] == ["unproved: funnel", "RED: unproved"]

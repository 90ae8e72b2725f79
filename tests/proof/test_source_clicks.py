"""The answers beside what a raw REES46 file gives: equal, or red with what differs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import duckdb
import pytest

from contracts.codec import encode
from contracts.events import (
    NO_PLACE_RECORDED,
    Click,
    Order,
    replayed_click_id,
    replayed_purchase_id,
)
from contracts.tables.postgres import ORDERS
from contracts.topics import SOURCES
from proof.alerts.rules import default_rules
from proof.judging import judge_source
from proof.relations import prepare
from proof.report import SourceComparison
from proof.source import data_file as source
from readers.filling import fill
from tests.proof.shop.events import CLICKS, click, order
from tests.proof.shop.folds import fold_metrics
from tests.proof.shop.records import REGISTRY, Record, origin, put, table_row
from tests.proof.shop.stores import Shop
from tests.proof.test_source_steps import HEADER

# The click that bought, and the row whose price is below nothing.
PURCHASE, REFUSED = 3, 6


def id_of(at: int, kind: str, product: str, price: int) -> str:
    """The id of a click of the file; `price` is in ten-thousandths."""
    content = (str(at), kind, "7", product, "Toys", "", str(price), "visit")
    return replayed_click_id("e", "\x1f".join(content), 0)


def refused(price: int = -10_000) -> str:
    """The id of the click whose price is below nothing."""
    nine = datetime(2026, 3, 2, 9, tzinfo=UTC)
    return id_of(int(nine.timestamp()) * 1_000_000, "purchase", "p-1", price)


def told(number: int) -> Click:
    """The visits' clicks, as a file without places tells them."""
    one = click(number)
    return replace(
        one,
        event_id=id_of(one.event_time, one.event_type, one.product_id, one.price * 100),
        region=NO_PLACE_RECORDED,
        currency="USD",
        session_id="visit",
    )


def bought() -> Order:
    """The order of the purchase: of one piece, named as its event."""
    event_id = replayed_purchase_id(told(PURCHASE).event_id)
    return replace(
        order(0, after=20 * 60, lines=[("Toys", 1, "9.99")], location=NO_PLACE_RECORDED),
        event_id=event_id,
        order_id=event_id,
        region=NO_PLACE_RECORDED,
        currency="USD",
    )


def written(path: Path) -> Path:
    """The clicks, a purchase below nothing, and a row that is none."""
    lines = [HEADER]
    for number in range(len(CLICKS)):
        one = told(number)
        at = datetime.fromtimestamp(one.event_time / 1_000_000, UTC).strftime("%F %T UTC")
        price = f"{one.price / 100:.2f}"
        lines.append(f"{at},{one.event_type},{one.product_id},1,Toys,,{price},7,visit")
    lines.append("2026-03-02 09:00:00 UTC,purchase,p-1,1,Toys,,-1,7,visit")
    lines.append("yesterday,view,p-1,1,Toys,,1,7,visit")
    path.write_text("\n".join(lines))
    return path


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The stores of a shop that replayed such a file, with all that the comparison reads."""
    connection = Shop.visited(told).open()
    one = bought()
    record = Record(0, 0, one.event_time, encode(one, REGISTRY.latest("orders")), one)
    put(connection, "answers.orders", [table_row(ORDERS, record)])
    put(connection, "answers.order_metrics", fold_metrics([record]))
    put(
        connection,
        "bronze.quarantine",
        [
            origin(record) | {"offset": offset, "event_id": event_id, "reason": "negative_price"}
            for offset, event_id in (
                (1, refused()),
                (2, replayed_purchase_id(refused())),
                # Sent twice, refused twice.
                (3, replayed_purchase_id(refused())),
            )
        ],
    )
    source.make_relations(connection)
    source.load_rows(connection, 0, source.inspect(written(tmp_path / "steps.csv")))
    fill(connection, "source_rejected", [("r", "bad_date", 1)])
    yield connection
    connection.close()


def found(connection: duckdb.DuckDBPyConnection) -> SourceComparison:
    prepare(connection)
    source.derive_events(connection, [source.ReplayedSlice("r", 0, "e", 0, 1, 9, 2**60)])
    return judge_source(connection, [Path("f.csv")], default_rules(), SOURCES)


def test_answers_that_follow_from_the_file_are_green(stores: duckdb.DuckDBPyConnection) -> None:
    finding = found(stores)
    assert finding.level.ok, [check for check in finding.level.checks if not check.ok]
    assert {check.name: check.expected for check in finding.level.checks} == {
        "orders": 1,
        "customers": 1,
        "order_metrics": 4,
        "rejected rows": 1,
        "fraud_alerts": 0,
        "clicks": 5,
        "shoppers": 1,
        "quarantine": 2,
        "sessions": 2,
        "product_activity": 2,
        "trending": 2,
        "recent_views": 2,
    }
    assert finding.counts == {
        "rows": 7,
        "rejected_rows": 1,
        "orders": 1,
        "undelivered": 0,
        "clicks": 5,
        "views": 2,
        "carts": 1,
        "removals": 1,
        "purchases": 1,
        "orders_of_other_runs": 0,
        "clicks_of_other_runs": 0,
    }
    assert finding.mismatched_rows == 0


def test_clicks_of_another_run_in_the_same_rows_leave_the_file_green(
    stores: duckdb.DuckDBPyConnection,
) -> None:
    # The last click is of a simulated run, and the file has no such row.
    last, event_id = told(len(CLICKS) - 1).event_id, str(UUID(int=1))
    stores.execute(f"UPDATE silver.clicks SET event_id = '{event_id}' WHERE event_id = '{last}'")
    fill(stores, "ledger.attempts", [("simulated", 0, event_id, "ecommerce-clicks", 1)])
    stores.execute(f"DELETE FROM source_step WHERE row = {len(CLICKS)}")
    finding = found(stores)
    assert finding.level.ok, [check for check in finding.level.checks if not check.ok]
    assert (finding.counts["clicks"], finding.counts["clicks_of_other_runs"]) == (4, 1)


def test_a_price_that_a_click_rounds_to_nothing_is_refused_in_the_order_alone(
    stores: duckdb.DuckDBPyConnection,
) -> None:
    stores.execute(f"UPDATE source_step SET price = '-0.004' WHERE row = {REFUSED}")
    stores.execute(f"DELETE FROM bronze.quarantine WHERE event_id = '{refused()}'")
    order_id = replayed_purchase_id(refused(price=-40))
    stores.execute(f"UPDATE bronze.quarantine SET event_id = '{order_id}'")
    (check,) = (check for check in found(stores).level.checks if check.name == "quarantine")
    assert (check.expected, check.ok) == (1, True)


CHANGES = {
    "a click missing": (
        "DELETE FROM silver.clicks WHERE event_type = 'view'",
        {"clicks", "sessions", "recent_views"},
    ),
    "a click too many": (
        "INSERT INTO silver.clicks FROM (SELECT * REPLACE (uuid() AS event_id) FROM silver.clicks "
        "LIMIT 1)",
        {"clicks"},
    ),
    **{
        f"a click of another {column}": (
            f"UPDATE silver.clicks SET {column} = {value} WHERE event_type = 'cart'",
            {"clicks"},
        )
        for column, value in (
            ("event_type", "'view'"),
            ("product_id", "'p-9'"),
            ("category", "'Bags'"),
            ("brand", "'Oak'"),
            ("session_id", "NULL"),
            ("price", "price + 0.01"),
            ("currency", "'EUR'"),
            ("event_time", "event_time + INTERVAL 1 SECOND"),
            ("region", "'Europe'"),
        )
    },
    "a shopper of two tokens": (
        "UPDATE answers.orders SET customer_id = 'sub_z'",
        {"shoppers"},
    ),
    "an order missing": ("DELETE FROM answers.orders", {"orders"}),
    "revenue": (
        "UPDATE answers.order_metrics SET revenue = revenue + 0.01 WHERE category = '*'",
        {"order_metrics"},
    ),
    "a refused event missing": (
        f"DELETE FROM bronze.quarantine WHERE event_id = '{refused()}'",
        {"quarantine"},
    ),
    "a good event refused": (
        "INSERT INTO bronze.quarantine FROM (SELECT * REPLACE "
        f"('{told(0).event_id}' AS event_id) FROM bronze.quarantine LIMIT 1)",
        {"quarantine"},
    ),
    "refused for another reason": (
        "UPDATE bronze.quarantine SET reason = 'undecodable'",
        {"quarantine"},
    ),
    "a session's total": ("UPDATE answers.sessions SET views = views + 1", {"sessions"}),
    "a session missing": ("DELETE FROM answers.sessions WHERE purchases = 0", {"sessions"}),
    "a product's day": (
        "UPDATE answers.product_activity SET carts = 7 WHERE product_id = 'p-1'",
        {"product_activity"},
    ),
    "a product's hour": ("DELETE FROM answers.trending WHERE product_id = 'p-1'", {"trending"}),
    "another number of rejected rows": ("UPDATE source_rejected SET told = 2", {"rejected rows"}),
    "an alert that nothing gives": (
        "INSERT INTO answers.alerts BY NAME (SELECT uuid()::VARCHAR AS alert_id, "
        "'suspicious_location' AS rule)",
        {"fraud_alerts"},
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_does_not_follow_from_the_file_is_red(
    name: str, stores: duckdb.DuckDBPyConnection
) -> None:
    statement, checks = CHANGES[name]
    stores.execute(statement)
    finding = found(stores)
    assert {check.name for check in finding.level.checks if not check.ok} == checks


def test_mismatched_rows_are_those_of_the_answers(stores: duckdb.DuckDBPyConnection) -> None:
    for table in ("order_metrics", "sessions", "product_activity", "trending"):
        stores.execute(f"DELETE FROM answers.{table}")
    assert found(stores).mismatched_rows == 4 + 2 + 2 + 2

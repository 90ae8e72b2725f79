"""What is changed by hand in a real store turns the proof red, at its level and with its word.

Every mutation is undone, and the same stack is green before the first and after the last.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from confluent_kafka import Producer

from contracts.topics import ORDERS
from local.home import Home
from local.profile import postgres_url, read_profile
from readers.lake import files_of, local_path, open_catalog
from tests.shop import SLICE, Shop, open_shop

pytestmark = [pytest.mark.e2e, pytest.mark.faults]

ROWS = 3_000
AGAIN = 500
JUNK = b"no event at all"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A stack with orders, some of them sent twice, and one record that is no event."""
    with open_shop(tmp_path_factory.mktemp("shop")) as shop:
        shop.up()
        said = shop.refused("verify", code=3)
        assert "nothing to check" in said
        shop.replay("--limit", str(ROWS))
        shop.replay("--limit", str(AGAIN))
        producer = Producer({"bootstrap.servers": shop.status()["bootstrap_servers"]})
        producer.produce(ORDERS.name, JUNK)
        assert producer.flush(60) == 0
        yield shop


def control(shop: Shop) -> dict[str, Any]:
    report = shop.verified("--source", str(SLICE))
    assert report["quarantine"] == {"bad_header": 1}
    assert report["duplicate"] > 0
    assert report["unexpected"] == 1
    assert report["source"]["mismatched_rows"] == 0
    return report


def files(shop: Shop, table: str) -> list[Path]:
    """The data files of a lake table, the largest first."""
    home = Home(shop.home)
    profile = read_profile(home)
    assert profile is not None
    with closing(open_catalog(postgres_url(home, profile), home.warehouse)) as catalog:
        paths = [local_path(path) for path in files_of(catalog, table).paths]
    return sorted(paths, key=lambda path: path.stat().st_size, reverse=True)


@contextmanager
def file_gone(shop: Shop, table: str) -> Iterator[None]:
    path = files(shop, table)[0]
    content = path.read_bytes()
    path.unlink()
    try:
        yield
    finally:
        path.write_bytes(content)


@contextmanager
def rewritten(shop: Shop, table: str, change: Callable[[pa.Table], pa.Table]) -> Iterator[None]:
    path = files(shop, table)[0]
    content = path.read_bytes()
    # ParquetFile, because a file read as a dataset takes columns from the folders' names too.
    pq.write_table(change(pq.ParquetFile(path).read()), path)
    try:
        yield
    finally:
        path.write_bytes(content)


@contextmanager
def statements(shop: Shop, done: str, undone: str) -> Iterator[None]:
    shop.query(done)
    try:
        yield
    finally:
        shop.query(undone)


def row_doubled(rows: pa.Table) -> pa.Table:
    return pa.concat_tables([rows, rows.slice(0, 1)])


def middle_row_gone(rows: pa.Table) -> pa.Table:
    rows = rows.sort_by([("partition", "ascending"), ("offset", "ascending")])
    middle = rows.num_rows // 2
    return pa.concat_tables([rows.slice(0, middle), rows.slice(middle + 1)])


def first_row_gone(rows: pa.Table) -> pa.Table:
    return rows.slice(1)


@dataclass(frozen=True)
class Mutation:
    """How a store is changed, the levels that must be red, and words with their exact counts.

    Some depends on the rows that happen to lie in a file: levels that `may` be red as well, and
    words of which there are `some`.
    """

    change: Callable[[Shop], AbstractContextManager[None]]
    levels: set[str]
    words: dict[str, int] = field(default_factory=dict)
    some: tuple[str, ...] = ()
    may: frozenset[str] = frozenset()


_BUSIEST = (
    "(window_start, category, location, currency) = (SELECT window_start, category, location, "
    "currency FROM order_metrics ORDER BY order_count DESC, window_start, category, location "
    "LIMIT 1)"
)
_AN_ALERT = "alert_id = (SELECT min(alert_id::text)::uuid FROM alerts)"

MUTATIONS = {
    "a silver file deleted": Mutation(
        lambda shop: file_gone(shop, "silver.orders"),
        {"L2", "L3", "L4", "L5"},
        some=("lost",),
        may=frozenset({"L6"}),
    ),
    "a bronze file deleted": Mutation(
        lambda shop: file_gone(shop, "bronze.events"), {"L1", "L2", "L3"}, {"lost": 0}
    ),
    "a bronze row doubled": Mutation(
        lambda shop: rewritten(shop, "bronze.events", row_doubled),
        {"L2", "L3"},
        {"duplicated": 1, "lost": 0},
    ),
    "a silver row doubled": Mutation(
        lambda shop: rewritten(shop, "silver.orders", row_doubled),
        {"L3", "L4", "L5"},
        {"duplicated": 1, "lost": 0},
    ),
    "an offset missing in bronze": Mutation(
        lambda shop: rewritten(shop, "bronze.events", middle_row_gone),
        {"L1", "L2", "L3"},
        {"lost": 0},
    ),
    "a silver row gone": Mutation(
        lambda shop: rewritten(shop, "silver.orders", first_row_gone),
        {"L3", "L4", "L5"},
        {"lost": 1},
        may=frozenset({"L6"}),
    ),
    "the quarantined row gone": Mutation(
        lambda shop: rewritten(shop, "bronze.quarantine", first_row_gone), {"L3", "L5"}
    ),
    "a total altered in Postgres": Mutation(
        lambda shop: statements(
            shop,
            f"UPDATE order_metrics SET revenue = revenue + 0.01 WHERE {_BUSIEST}",
            f"UPDATE order_metrics SET revenue = revenue - 0.01 WHERE {_BUSIEST}",
        ),
        {"L5"},
    ),
    "an order's total altered in Postgres": Mutation(
        lambda shop: statements(
            shop,
            'UPDATE orders SET total = total + 0.01 WHERE "offset" = 0 AND "partition" = 0',
            'UPDATE orders SET total = total - 0.01 WHERE "offset" = 0 AND "partition" = 0',
        ),
        {"L4"},
    ),
    "an alert removed from Postgres": Mutation(
        lambda shop: statements(
            shop,
            f"CREATE TABLE kept AS SELECT * FROM alerts WHERE {_AN_ALERT}; "
            "DELETE FROM alerts WHERE alert_id IN (SELECT alert_id FROM kept)",
            "INSERT INTO alerts SELECT * FROM kept; DROP TABLE kept",
        ),
        {"L6"},
    ),
    "an offset applied that is not in bronze": Mutation(
        lambda shop: statements(
            shop,
            "UPDATE progress SET until = until + 1 WHERE application = 'ingest' "
            "AND topic = 'ecommerce-orders' AND \"partition\" = 0",
            "UPDATE progress SET until = until - 1 WHERE application = 'ingest' "
            "AND topic = 'ecommerce-orders' AND \"partition\" = 0",
        ),
        {"L2"},
    ),
}


def test_the_stack_is_green_before(shop: Shop) -> None:
    control(shop)


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_changed_store_is_red_at_its_level_and_with_its_word(name: str, shop: Shop) -> None:
    mutation = MUTATIONS[name]
    with mutation.change(shop):
        done = shop.run("verify", "--json", "--deadline", "120")
    assert done.returncode == 1, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    report: dict[str, Any] = json.loads(done.stdout)
    red = {level for level, found in report["levels"].items() if not found["ok"]}
    assert red - mutation.may == mutation.levels - mutation.may, report
    assert {word: report[word] for word in mutation.words} == mutation.words
    assert all(report[word] > 0 for word in mutation.some)
    assert report["green"] is False


def test_the_source_finds_an_altered_total_too(shop: Shop) -> None:
    with MUTATIONS["a total altered in Postgres"].change(shop):
        done = shop.run("verify", "--source", str(SLICE), "--json")
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert report["source"]["mismatched_rows"] == 1


def test_a_file_that_was_not_replayed_is_refused(shop: Shop, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text(
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
        "1,S,BAG,1,2010-12-01 08:26:00,2.50,17850.0,France\n"
    )
    assert "no run replayed this file" in shop.refused("verify", "--source", str(other), code=2)


def test_the_stack_is_green_after(shop: Shop) -> None:
    control(shop)

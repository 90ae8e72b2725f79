"""Which clicks and orders a raw REES46 file holds, by the proof's own reading of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from contracts.events import replayed_click_id, replayed_purchase_id
from contracts.rejections import EARLIEST_EVENT_US, MAX_TEXT_BYTES
from proof.checks import run_counts
from proof.relations import connect, prepare
from proof.source import data_file as source
from readers.filling import fill

HEADER = (
    "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session"
)
DAY_US = 1_569_888_000_000_000  # 2019-10-01T00:00:00Z
HOUR_US = 3_600_000_000
BEGAN_US = 1_767_225_600_000_000  # 2026-01-01T00:00:00Z


def step(
    kind: str = "view",
    *,
    time: str = "2019-10-01 00:00:00 UTC",
    product: str = "44",
    category: str = "computers.notebook",
    brand: str = "lenovo",
    price: str = "35.79",
    user: str = "541",
    session: str = "72d7",
) -> str:
    return ",".join((time, kind, product, "210", category, brand, price, user, session))


def id_of(
    edition: str = "e", kind: str = "view", *, place: int = 0, category: str = "computers.notebook"
) -> str:
    """The id of the click that `step` tells of."""
    content = (str(DAY_US), kind, "541", "44", category, "lenovo", "357900", "72d7")
    return replayed_click_id(edition, "\x1f".join(content), place)


@dataclass
class Reading:
    """A file read with slices of one edition each."""

    connection: duckdb.DuckDBPyConnection
    folder: Path

    def add(self, lines: list[str], *slices: tuple[str, int, int, int]) -> None:
        path = self.folder / "steps.csv"
        path.write_text("\n".join((HEADER, *lines, "")))
        source.load_rows(self.connection, 0, source.inspect(path))
        source.derive_events(
            self.connection,
            [
                source.ReplayedSlice(
                    f"run-{edition}", 0, edition, shift, first, last, BEGAN_US - shift
                )
                for edition, shift, first, last in slices
            ],
        )

    def counts(self) -> dict[str, int]:
        orders = run_counts(self.connection, "source/orders_counted")
        return orders | run_counts(self.connection, "source/clicks_counted")

    def rows(self, statement: str) -> list[Any]:
        self.counts()
        return self.connection.execute(statement).fetchall()

    def rejected(self) -> list[tuple[int, str]]:
        return self.rows("SELECT row, rejected FROM step_judged WHERE rejected <> '' ORDER BY row")


@pytest.fixture
def reading(tmp_path: Path) -> Iterator[Reading]:
    connection = connect()
    prepare(connection)
    source.make_relations(connection)
    yield Reading(connection, tmp_path)
    connection.close()


def test_each_row_is_a_click_and_each_purchase_an_order_too(reading: Reading) -> None:
    kinds = ("view", "cart", "remove_from_cart", "purchase")
    reading.add([step(kind) for kind in kinds], ("e", 0, 1, 9))
    counts = reading.counts()
    assert {name: counts[name] for name in ("views", "carts", "removals", "purchases")} == {
        "views": 1,
        "carts": 1,
        "removals": 1,
        "purchases": 1,
    }
    assert (counts["rows"], counts["clicks"], counts["orders"]) == (4, 4, 1)
    clicks = reading.rows("SELECT event_id FROM source_click")
    assert {event for (event,) in clicks} == {id_of(kind=kind) for kind in kinds}
    assert reading.rows(
        "SELECT event_id, order_id, kind, customer_id, total_minor, currency, location, region, "
        "lines[1].category, lines[1].quantity, lines[1].price FROM source_order"
    ) == [
        (
            replayed_purchase_id(id_of(kind="purchase")),
            replayed_purchase_id(id_of(kind="purchase")),
            *("placed", "541", 3579, "USD", "Not recorded", "Not recorded"),
            *("computers.notebook", 1, 357_900),
        )
    ]


def test_what_a_click_tells_of_a_row(reading: Reading) -> None:
    reading.add([step(), step(category="", brand="", session="")], ("e", HOUR_US, 1, 9))
    assert reading.rows(
        "SELECT event_us, event_type, product_id, category, brand, session, price_minor, region, "
        "currency FROM source_click ORDER BY brand"
    ) == [
        (DAY_US + HOUR_US, "view", "44", category, brand, session, 3579, "Not recorded", "USD")
        for category, brand, session in (
            ("computers.notebook", "lenovo", "72d7"),
            ("Unspecified", None, None),
        )
    ]


PRICES: dict[str, tuple[str, list[int], list[tuple[str, int]]]] = {
    "of nothing": ("0", [0], [("adjustment", 0)]),
    "half a cent": ("0.005", [1], [("placed", 1)]),
    "less than half a cent": ("0.0049", [0], [("adjustment", 0)]),
    "one below nothing that a click rounds to nothing": ("-0.0049", [0], []),
    "one below nothing": ("-0.005", [], []),
}


@pytest.mark.parametrize("name", PRICES)
def test_a_price(name: str, reading: Reading) -> None:
    price, clicks, orders = PRICES[name]
    reading.add([step("purchase", price=price)], ("e", 0, 1, 9))
    assert reading.rejected() == []
    assert reading.rows("SELECT price_minor FROM source_click") == [(minor,) for minor in clicks]
    assert reading.rows("SELECT kind, total_minor FROM source_order") == orders


REJECTED = {
    "too few fields": ("1,2,3", "wrong_field_count"),
    "too many fields": (step() + ",more", "wrong_field_count"),
    "no date": (step(time="yesterday"), "bad_date"),
    "a day that is not": (step(time="2019-02-30 00:00:00 UTC"), "bad_date"),
    "a second that is not": (step(time="2019-10-01 00:00:60 UTC"), "bad_date"),
    "a time of another zone": (step(time="2019-10-01 00:00:00 CET"), "bad_date"),
    "the year 0": (step(time="0000-10-01 00:00:00 UTC"), "bad_date"),
    "no kind of step": (step("look"), "bad_event_type"),
    "no product": (step(product=" "), "missing_product"),
    "no user": (step(user=""), "missing_user"),
    "no price": (step(price="free"), "bad_price"),
    "five decimals": (step(price="0.12345"), "bad_price"),
    "too dear": (step(price="1000000.0001"), "out_of_range"),
    "too far below nothing": (step(price="-1000000.0001"), "out_of_range"),
    "after the replay began": (step(time="2026-01-01 00:00:01 UTC"), "out_of_range"),
    "before 1990": (step(time="1989-12-31 23:59:59 UTC"), "out_of_range"),
    "a long text": (step(brand="é" * (MAX_TEXT_BYTES // 2) + "x"), "out_of_range"),
    "of two faults the date is told": (step(time="no", price="no"), "bad_date"),
}


@pytest.mark.parametrize("name", REJECTED)
def test_a_bad_row_is_rejected_with_its_reason(name: str, reading: Reading) -> None:
    bad, reason = REJECTED[name]
    reading.add([step(), bad, step()], ("e", 0, 1, 9))
    assert reading.rejected() == [(2, reason)]
    counts = reading.counts()
    assert (counts["clicks"], counts["rejected_rows"]) == (2, 1)


LIMITS = {
    "a time without its zone": step(time="2019-10-01 00:00:00"),
    "the moment the replay began": step(time="2026-01-01 00:00:00 UTC"),
    "first moment": step(time="1990-01-01 00:00:00 UTC"),
    "dearest": step(price="1000000"),
    "furthest below nothing": step(price="-1000000"),
    "four decimals and noughts": step(price="0.123400"),
    "the longest text": step(brand="é" * (MAX_TEXT_BYTES // 2)),
    "space around every field": step(" view ", time=" 2019-10-01 00:00:00 UTC ", price=" 1 "),
}


@pytest.mark.parametrize("name", LIMITS)
def test_a_row_at_the_limit_is_good(name: str, reading: Reading) -> None:
    reading.add([LIMITS[name]], ("e", 0, 1, 9))
    assert reading.rejected() == []


def test_a_shift_moves_the_limits_with_the_times(reading: Reading) -> None:
    early, late = step(time="1990-01-01 00:00:00 UTC"), step(time="2026-01-01 00:00:00 UTC")
    reading.add([early, late], ("back", -HOUR_US, 1, 9), ("on", HOUR_US, 1, 9))
    assert reading.rejected() == [(1, "out_of_range"), (2, "out_of_range")]
    assert EARLIEST_EVENT_US in {at for (at,) in reading.rows("SELECT time_us FROM step_parsed")}
    assert reading.counts()["clicks"] == 2


def test_slices_of_one_edition_are_a_union_and_editions_add_up(reading: Reading) -> None:
    reading.add([step()] * 3, ("e", 0, 1, 2), ("e", 0, 2, 2), ("again", HOUR_US, 2, 3))
    assert dict(reading.rows(f"SELECT event_id, event_us - {DAY_US} FROM source_click")) == {
        id_of(place=0): 0,
        id_of(place=1): 0,
        id_of("again", place=1): HOUR_US,
        id_of("again", place=2): HOUR_US,
    }
    assert reading.counts()["clicks"] == 4


@pytest.mark.parametrize(
    "event, topic, left",
    [
        (id_of(kind="purchase"), "ecommerce-clicks", (0, 1)),
        (replayed_purchase_id(id_of(kind="purchase")), "ecommerce-orders", (1, 0)),
    ],
)
def test_an_event_that_was_never_acknowledged_and_is_not_there_is_not_asked_for(
    event: str, topic: str, left: tuple[int, int], reading: Reading
) -> None:
    reading.add([step("purchase")], ("e", 0, 1, 9))
    fill(reading.connection, "ledger.attempts", [("run-e", 1, event, topic, 1)])
    counts = reading.counts()
    assert (counts["clicks"], counts["orders"]) == left
    assert counts["undelivered"] == 1

"""``python -m producer replay rees46``: clicks, orders of purchases, rejected rows, refusals."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from contracts.codec import decode
from contracts.events import NO_PLACE_RECORDED, Click, Order
from contracts.registry import BundledRegistry, MemoryStore
from contracts.rejections import LATEST_TIME_US, Rejection
from contracts.schemas import bundled_schemas
from contracts.topics import CLICKS, ORDERS, Topic
from producer.command import main
from producer.outlets.file import read_back
from producer.replay.rees46.rows import COLUMNS

REGISTRY = BundledRegistry(MemoryStore(bundled_schemas()))
GOOD = {
    "event_time": "2019-10-01 00:00:00 UTC",
    "event_type": "view",
    "product_id": "44600062",
    "category_id": "2103807459595387724",
    "category_code": "computers.notebook",
    "brand": "lenovo",
    "price": "35.79",
    "user_id": "541312140",
    "user_session": "72d76fde",
}


def row(**changes: str) -> list[str]:
    return list((GOOD | changes).values())


def replay(folder: Path, rows: list[list[str]], *more: str) -> tuple[int, str]:
    file = folder / "shop.csv"
    with file.open("w", newline="") as lines:
        csv.writer(lines).writerows([COLUMNS, *rows])
    where = ["--outlet", "file", "--out", str(folder / "out"), "--ledger", str(folder / "ledger")]
    return main(["replay", "rees46", str(file), *where, "--json", *more]), str(file)


def sent(folder: Path, topic: Topic) -> list[Any]:
    return [
        decode(topic, value, LATEST_TIME_US, REGISTRY)
        for _, value in read_back(folder / "out", topic)
    ]


def test_each_row_is_a_click_and_each_purchase_an_order(tmp_path: Path) -> None:
    rows = [row(event_type=kind) for kind in ("view", "cart", "remove_from_cart", "purchase")]
    assert replay(tmp_path, rows)[0] == 0
    clicks: list[Click] = sent(tmp_path, CLICKS)
    assert [click.event_type for click in clicks] == [fields[1] for fields in rows]
    assert {(click.price, click.currency, click.region) for click in clicks} == {
        (3579, "USD", NO_PLACE_RECORDED)
    }
    (order,) = sent(tmp_path, ORDERS)
    assert isinstance(order, Order)
    assert (order.total, order.currency, order.location) == (3579, "USD", NO_PLACE_RECORDED)
    assert order.customer_id == clicks[3].user_id
    assert order.event_id not in {click.event_id for click in clicks}
    assert [click.source.sequence for click in clicks] + [order.source.sequence] == [0, 1, 2, 3, 4]


def test_the_same_file_again_sends_the_same_events(tmp_path: Path) -> None:
    rows = [row(event_type="purchase"), row()]
    for _ in range(2):
        assert replay(tmp_path, rows)[0] == 0
    for topic, events in ((CLICKS, 2), (ORDERS, 1)):
        ids = [event.event_id for event in sent(tmp_path, topic)]
        assert len(ids) == 2 * events
        assert len(set(ids)) == events


def test_a_price_of_nothing_is_good_and_a_negative_one_goes_to_quarantine(tmp_path: Path) -> None:
    rows = [row(event_type="purchase", price=price) for price in ("0", "-0.01")]
    assert replay(tmp_path, rows)[0] == 0
    for topic in (CLICKS, ORDERS):
        good, refused = sent(tmp_path, topic)
        assert not isinstance(good, Rejection)
        assert isinstance(refused, Rejection)
        assert refused.reason == "negative_price"


def test_category_brand_and_session_may_be_empty(tmp_path: Path) -> None:
    assert replay(tmp_path, [row(category_code="", brand="", user_session="")])[0] == 0
    (click,) = sent(tmp_path, CLICKS)
    assert (click.category, click.brand, click.session_id) == ("Unspecified", None, None)


REJECTED = {
    "wrong_field_count": row()[:-1],
    "bad_date": row(event_time="yesterday"),
    "bad_event_type": row(event_type="look"),
    "missing_product": row(product_id=" "),
    "missing_user": row(user_id=""),
    "bad_price": row(price="dear"),
    "out_of_range": row(brand="x" * 513),
}


@pytest.mark.parametrize("reason", REJECTED)
def test_a_row_without_an_event_is_counted_by_reason(
    reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert replay(tmp_path, [REJECTED[reason], row()])[0] == 0
    assert json.loads(capsys.readouterr().out)["rejected"] == {reason: 1}
    assert len(sent(tmp_path, CLICKS)) == 1


def test_slices_together_are_the_whole_file(tmp_path: Path) -> None:
    rows = [row(event_type="purchase", product_id=str(number)) for number in range(7)]
    for more in (("--limit", "3"), ("--start", "4")):
        assert replay(tmp_path, rows, *more)[0] == 0
    for topic in (CLICKS, ORDERS):
        assert len({event.event_id for event in sent(tmp_path, topic)}) == 7


def test_a_foreign_file_is_refused_by_row_and_column(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "foreign.csv"
    file.write_text("event_time,kind\n1,2\n")
    assert main(["replay", "rees46", str(file), "--outlet", "null"]) == 2
    assert "header row, column 2 should be 'event_type', found 'kind'" in capsys.readouterr().err

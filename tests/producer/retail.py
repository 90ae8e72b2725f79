"""Small Online Retail files, and what is sent of them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from contracts.codec import decode
from contracts.events import Order
from contracts.registry import BundledRegistry, MemoryStore
from contracts.rejections import LATEST_TIME_US
from contracts.schemas import bundled_schemas
from contracts.topics import ORDERS
from producer.outlets.file import read_back
from producer.replay.online_retail.rows import COLUMNS

EXAMPLES = Path(__file__).parents[2] / "examples"
SLICE = EXAMPLES / "online_retail_slice.csv.gz"


def row(  # noqa: PLR0917 - in the order of the columns
    invoice: str = "536365",
    product: str = "85123A",
    description: str = "WHITE LANTERN",
    quantity: str = "6",
    date: str = "2010-12-01 08:26:00",
    price: str = "2.55",
    customer: str = "17850.0",
    country: str = "United Kingdom",
) -> list[str]:
    return [invoice, product, description, quantity, date, price, customer, country]


def write_file(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows])
    return path


def sent_orders(folder: Path) -> list[Order]:
    """The orders in a file outlet's folder, judged as the pipeline judges them."""
    registry = BundledRegistry(MemoryStore({"orders": bundled_schemas()["orders"]}))
    events = [
        decode(ORDERS, value, LATEST_TIME_US, registry) for _key, value in read_back(folder, ORDERS)
    ]
    orders = [event for event in events if isinstance(event, Order)]
    assert len(orders) == len(events), [event for event in events if event not in orders][:3]
    return orders

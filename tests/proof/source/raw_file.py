"""Raw Online Retail files, and the orders that the proof finds in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from proof.checks import run_counts
from proof.source import data_file as source

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
DAY = "2010-12-01 08:26:00"
DAY_US = 1_291_191_960_000_000
BEGAN_US = 1_767_225_600_000_000  # 2026-01-01T00:00:00Z
CATEGORIES = "pattern,category\n*bag*,bags\nwhite *,white things\n100%_*,cotton\n*,other\n"
REGIONS = "pattern,region\nUnited Kingdom,home\n*land,lands\n*,elsewhere\n"


def line(
    invoice: str = "1",
    *,
    stock: str = "S",
    words: str = "RED BAG",
    quantity: str = "1",
    date: str = DAY,
    price: str = "2.50",
    customer: str = "17850.0",
    country: str = "United Kingdom",
) -> str:
    return ",".join((invoice, stock, words, quantity, date, price, customer, country))


@dataclass(frozen=True)
class Found:
    """An order as the tests compare it; money in minor units."""

    position: int
    kind: str
    total: int
    customer: str | None = "17850"
    location: str = "United Kingdom"
    region: str = "home"
    seconds: int = 0
    categories: tuple[str, ...] = ("bags",)


@dataclass
class Reading:
    """A file read with slices of one edition each."""

    connection: duckdb.DuckDBPyConnection
    folder: Path
    files: int = 0
    slices: list[source.ReplayedSlice] = field(default_factory=list)

    def add(self, content: bytes, *slices: tuple[str, int, int, int]) -> None:
        path = self.folder / f"{self.files}.csv"
        path.write_bytes(content)
        source.load_rows(self.connection, self.files, source.inspect(path))
        self.slices += [
            source.ReplayedSlice(
                f"run-{edition}", self.files, edition, shift, first, last, BEGAN_US - shift
            )
            for edition, shift, first, last in slices
        ]
        self.files += 1

    def orders(self) -> dict[str, Found]:
        source.derive_events(self.connection, self.slices)
        run_counts(self.connection, "source/orders_counted")
        rows: list[Any] = self.connection.execute(
            """
            SELECT event_id, position, kind, total_minor, customer_id, location, o.region,
                   (event_us - ?) // 1000000 AS seconds,
                   list_transform(o.lines, lambda l: l.category) AS categories
            FROM source_order o JOIN source_event USING (event_id)
            """,
            [DAY_US],
        ).fetchall()
        return {event: _found(*values) for event, *values in rows}

    def rejected(self) -> list[tuple[int, str]]:
        self.orders()
        return self.connection.execute(
            "SELECT row, rejected FROM refused_row ORDER BY row"
        ).fetchall()


def _found(*values: Any) -> Found:
    *told, categories = values
    names = ("position", "kind", "total", "customer", "location", "region", "seconds")
    return Found(**dict(zip(names, told, strict=True)), categories=tuple(categories))


def of(lines: Sequence[str]) -> bytes:
    return "\n".join((HEADER, *lines, "")).encode()

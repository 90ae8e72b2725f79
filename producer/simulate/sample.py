"""``python -m producer sample``: orders of a simulated shop with their labels, sent to nobody.

They are used to measure what fraud rules find. They are the orders that `simulate` would send, as
columns, in a week of a shop whose customers order ten times each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from contracts.errors import ShopstreamError
from contracts.producer_options import Option, Whole
from contracts.times import DAY_US, SECOND_US
from producer import terminal
from producer.simulate.shop.columns import Flags, Ints, Longs
from producer.simulate.shop.countries import COUNTRIES, LOCATIONS
from producer.simulate.shop.incidents import SCENARIOS
from producer.simulate.shop.oddities import Shares
from producer.simulate.shop.timeline import (
    EVENTS_PER_VISIT,
    ORDERS_PER_VISIT,
    EventBatch,
    Shop,
    Timeline,
)

SAMPLE = (
    Option("seed", "Decides all that the shoppers do.", Whole(0, 2**63 - 1), "N", "1"),
    Option("orders", "How many orders are placed.", Whole(1_000, 5_000_000), "N", required=True),
    Option("out", "The file to write; it must not exist.", "file", "FILE", required=True),
)
# 2026-03-02T00:00:00Z, a Monday. It is fixed, so that one seed gives the same figures on any day.
_START_US = 1_772_409_600_000_000
_WEEK_US = 7 * DAY_US
_ORDERS_EACH = 10
_TOLD_EVERY = 100_000


@dataclass(frozen=True)
class SampleArguments:
    """`orders` counts placed orders, without cancellations. `out` must not exist."""

    seed: int
    orders: int
    out: Path


def write_sample(arguments: SampleArguments) -> int:
    """Write the orders as a Parquet file and return 0; ShopstreamError if that fails."""
    try:
        with arguments.out.open("xb") as file:
            _write(arguments, file)
    except OSError as error:
        raise ShopstreamError(
            f"the sample {arguments.out} cannot be written: {error.strerror or error}",
            command="name another file with --out FILE",
        ) from error
    return 0


def _write(arguments: SampleArguments, file: IO[bytes]) -> None:
    placed, told = 0, _TOLD_EVERY
    with pq.ParquetWriter(file, _SCHEMA) as writer:
        for table in sample(arguments.seed, arguments.orders):
            writer.write_table(table)
            placed += pc.sum(pc.equal(table["kind"], "placed")).as_py()
            if placed >= told:
                terminal.tell(f"{placed:,} of {arguments.orders:,} orders")
                told += _TOLD_EVERY


def sample(seed: int, orders: int) -> Iterator[pa.Table]:
    """Tables of placed orders and of the cancellations between them, in the order of sending."""
    left, number = orders, 0
    for batch in Timeline(_shop(seed, orders)).batches():
        # In the order in which they would be sent.
        due = np.argsort(batch.orders.due, kind="stable")
        placed = np.cumsum(~batch.orders.cancelled[due])
        table = _table(batch, due[: int(np.searchsorted(placed, left)) + 1], number)
        yield table
        number += len(table)
        left -= int(placed[-1]) if len(placed) else 0
        if left <= 0:
            return


def _shop(seed: int, orders: int) -> Shop:
    return Shop(
        seed=seed,
        worker=0,
        start=_START_US,
        span=_WEEK_US,
        events_per_second=orders * EVENTS_PER_VISIT / ORDERS_PER_VISIT / (_WEEK_US / SECOND_US),
        shoppers=max(100, orders // _ORDERS_EACH),
        shares=Shares(),
    )


_SCHEMA = pa.schema(
    {
        "event_id": pa.string(),
        "event_us": pa.int64(),
        "region": pa.string(),
        "kind": pa.string(),
        "canary": pa.bool_(),
        "customer_id": pa.string(),
        "device_id": pa.string(),
        "account_us": pa.int64(),
        "total_minor": pa.int64(),
        "currency": pa.string(),
        "location": pa.string(),
        "scenario": pa.string(),
        "incident": pa.int64(),
    }
)


def _table(batch: EventBatch, rows: Longs, first: int) -> pa.Table:
    """Orders as rows; scenario and incident are null unless the order is fraud."""
    orders = batch.orders.take(rows)
    honest = orders.incident == 0
    without_account = orders.created == 0
    countries = [COUNTRIES[country] for country in orders.country.tolist()]
    numbers = range(first, first + len(orders))
    columns = {
        "event_id": [str(number) for number in numbers],
        "event_us": orders.time,
        "region": [country.region for country in countries],
        "kind": np.where(orders.cancelled, "cancelled", "placed"),
        "canary": np.zeros(len(orders), np.bool_),
        "customer_id": _texts(orders.shopper, without_account),
        "device_id": _texts(orders.device, np.zeros(len(orders), np.bool_)),
        "account_us": pa.array(orders.created, mask=without_account),
        "total_minor": batch.totals[rows],
        "currency": [country.currency for country in countries],
        "location": [LOCATIONS[location] for location in orders.location.tolist()],
        "scenario": pa.array(
            [SCENARIOS[number - 1].name if number else None for number in orders.scenario.tolist()],
            pa.string(),
        ),
        "incident": pa.array(orders.incident.astype(np.int64), mask=honest),
    }
    return pa.table(columns).cast(_SCHEMA)


def _texts(numbers: Longs | Ints, missing: Flags) -> pa.Array:
    return pa.array(numbers, mask=missing).cast(pa.string())

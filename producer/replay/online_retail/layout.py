"""The layout Online Retail: order lines, grouped by invoice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from contracts.data_files.layouts import ONLINE_RETAIL
from contracts.ledger import Run
from contracts.rejections import LATEST_TIME_US
from contracts.topics import ORDERS, Topic
from producer.replay.files.csv_block import Blocks
from producer.replay.files.data_rows import DataRows, opened
from producer.replay.files.given import Given
from producer.replay.files.rejected_rows import OnRejected
from producer.replay.files.row_slice import RowSlice
from producer.replay.online_retail.order_lines import OrderLineReader
from producer.replay.online_retail.orders import Grouping
from producer.replay.order_encoder import OrderEncoder, order_encoder
from producer.replay.values.patterns import PatternTable
from producer.replay.values.row_values import TimeLimits
from producer.subjects import Tokens
from producer.wiring import ProducerEndpoints


class OnlineRetail:
    """One order per invoice. The tables name categories by description and regions by country."""

    file = ONLINE_RETAIL
    topics: Sequence[Topic] = (ORDERS,)
    noun = "orders"
    names_people_in_ids = False

    def __init__(self, categories: PatternTable, regions: PatternTable) -> None:
        self.categories_sha256 = categories.sha256
        self.regions_sha256 = regions.sha256
        self._categories = categories
        self._regions = regions

    def opened(self, path: Path, given: Given) -> AbstractContextManager[DataRows]:
        return opened(path, self.file, given)

    def newest_time(self, file: Blocks, chosen: RowSlice) -> int | None:
        limits = TimeLimits(shift_us=0, latest=LATEST_TIME_US)
        reader, newest, rows = OrderLineReader(limits, self._categories), None, 0
        for block in file.blocks():
            lines, _ = reader.read(block, rows)
            pairs = zip(lines["row"].to_pylist(), lines["time"].to_pylist(), strict=True)
            times = [time for row, time in pairs if chosen.holds(row)]
            newest = max(times if newest is None else [newest, *times], default=None)
            rows += len(block)
            if chosen.is_past(rows):
                break
        return newest

    def reading(self, limits: TimeLimits, chosen: RowSlice, on_rejected: OnRejected) -> Grouping:
        return Grouping(
            limits=limits,
            categories=self._categories,
            chosen=chosen,
            on_rejected=on_rejected,
        )

    def encoder(
        self, endpoints: ProducerEndpoints, run: Run, tokens: Tokens, now_us: Callable[[], int]
    ) -> OrderEncoder:
        return order_encoder(endpoints, run, tokens, self._regions, now_us)

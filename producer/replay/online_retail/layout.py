"""The layout Online Retail: order lines, grouped by invoice."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

from contracts.ledger import Run
from contracts.topics import ORDERS
from producer.replay.files.csv_block import Block
from producer.replay.files.patterns import PatternTable
from producer.replay.files.rejected_rows import OnRejected
from producer.replay.files.row_slice import RowSlice
from producer.replay.files.row_values import TimeLimits
from producer.replay.online_retail.orders import Grouping, newest_time
from producer.replay.online_retail.rows import COLUMNS
from producer.replay.order_encoder import OrderEncoder, order_values
from producer.subjects import Tokens
from producer.wiring import ProducerEndpoints

_CURRENCY = "GBP"


class OnlineRetail:
    """One order per invoice. The tables name categories by description and regions by country."""

    name: Literal["online-retail"] = "online-retail"
    columns = COLUMNS
    topics = (ORDERS,)
    noun = "orders"

    def __init__(self, categories: PatternTable, regions: PatternTable) -> None:
        self.categories_sha256 = categories.sha256
        self.regions_sha256 = regions.sha256
        self._categories = categories
        self._regions = regions

    def newest_time(self, blocks: Iterable[Block], chosen: RowSlice) -> int | None:
        return newest_time(blocks, chosen, self._categories)

    def reading(self, limits: TimeLimits, chosen: RowSlice, on_rejected: OnRejected) -> Grouping:
        return Grouping(
            limits=limits, categories=self._categories, chosen=chosen, on_rejected=on_rejected
        )

    def encoder(
        self, endpoints: ProducerEndpoints, run: Run, tokens: Tokens, now_us: Callable[[], int]
    ) -> OrderEncoder:
        assert run.source is not None
        values = order_values(endpoints, run, _CURRENCY)
        return OrderEncoder(run.source.edition, tokens, values, self._regions, now_us)

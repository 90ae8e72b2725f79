"""Sends orders at a pace: settled with the vault, noted in the ledger, then handed over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import repeat

from contracts import fragments
from contracts.events import replayed_event_id
from contracts.ledger import Run
from contracts.topics import ORDERS
from producer.ledger import Ledger, at_row
from producer.outlets import Delivery, Outlet
from producer.pace import Pace
from producer.patterns import PatternTable
from producer.retail_orders import RetailOrder
from producer.subjects import Tokens

CURRENCY = "GBP"
PAYMENT_METHOD = "unknown"
PRODUCER = "replay"
# Attempts are written, and new subjects settled, once a block.
_BLOCK_ORDERS = 256
_STATUS_SECONDS = 1.0
# A sleep this short lets Ctrl-C and acknowledgements through.
_NAP_SECONDS = 0.1


@dataclass
class Counts:
    """What a replay did so far; `first_failure` says why the first event failed."""

    rows: int = 0
    attempted: int = 0
    acknowledged: int = 0
    failed: int = 0
    first_failure: str = ""


@dataclass
class Clock:
    """Time as functions: `now_us` since 1970, `monotonic` and `sleep` in seconds."""

    now_us: Callable[[], int]
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]


@dataclass
class Replay:
    """One run. `rows_read` tells how far the file is read; `tell` takes the line of each second."""

    run: Run
    outlet: Outlet
    ledger: Ledger
    tokens: Tokens
    values: fragments.OrderValues
    regions: PatternTable
    pace: Pace
    clock: Clock
    rows_read: Callable[[], int]
    rejected: Callable[[], dict[str, int]]
    tell: Callable[[str], None]
    counts: Counts = field(default_factory=Counts)
    stopping: bool = False

    def __post_init__(self) -> None:
        assert self.run.source is not None
        self._edition = self.run.source.edition
        self._last_row = self.run.source.last_row
        self._places: dict[str, tuple[bytes, bytes]] = {}
        self._began = self._told = self.clock.monotonic()

    @property
    def last_row(self) -> int:
        """The first row of the last order attempted; every order before it was attempted too."""
        return self._last_row

    def stop(self) -> None:
        """Ask for a graceful end: nothing more is attempted."""
        self.stopping = True

    def send(self, orders: Iterator[RetailOrder]) -> bool:
        """Send until the orders end, one fails or `stop` is called; whether they ended."""
        block: list[RetailOrder] = []
        for order in orders:
            while not self.stopping and (delay := self._delay(order)) > 0:
                self._send_block(block)
                self._tell_each_second()
                self.clock.sleep(min(delay, _NAP_SECONDS))
            if self.stopping:
                return False
            block.append(order)
            if len(block) >= _BLOCK_ORDERS:
                self._send_block(block)
                self._tell_each_second()
        self._send_block(block)
        return not self.stopping

    def finish(self, timeout: float) -> int:
        """Wait at most `timeout` seconds for acknowledgements; return how many are unknown."""
        deadline = self.clock.monotonic() + timeout
        while True:
            unknown = self.outlet.flush(_STATUS_SECONDS)
            self._take_deliveries()
            if unknown == 0 or self.clock.monotonic() >= deadline:
                return unknown
            self._tell_each_second()

    def close(self, last_row: int, *, finished: bool) -> None:
        """Write the last word of the ledger: the run's slice ends at `last_row`."""
        self._last_row = last_row
        self._sync(finished=finished)
        self.ledger.close()

    def _delay(self, order: RetailOrder) -> float:
        return self.pace.delay(order.event_time, self.clock.monotonic())

    def _send_block(self, block: list[RetailOrder]) -> None:
        """Send the orders of the block and empty it."""
        if block:
            first = self.counts.attempted
            tokens = [self.tokens.of(order.customer) for order in block]
            ids = [replayed_event_id(self._edition, order.position) for order in block]
            self.tokens.settle()
            self._last_row = block[-1].position
            self.counts.attempted += len(block)
            sequences = range(first, first + len(block))
            positions = [order.position for order in block]
            self.ledger.attempt(list(zip(sequences, ids, repeat(ORDERS.name), positions)))
            for order, sequence, event_id, token in zip(block, sequences, ids, tokens, strict=True):
                self._send(order, sequence, event_id, token)
            block.clear()
        self._take_deliveries()

    def _send(
        self, order: RetailOrder, sequence: int, event_id: str, customer_id: str | None
    ) -> None:
        location, region = self._places.get(order.country) or self._place(order.country)
        value = self.values.value(
            event_id=event_id,
            event_time=order.event_time,
            sent_at=self.clock.now_us(),
            region=region,
            sequence=sequence,
            order_id=order.order_id,
            kind=order.kind,
            customer_id=customer_id,
            line_count=order.line_count,
            lines=order.lines,
            total=order.total,
            location=location,
        )
        key = (customer_id or order.order_id).encode()
        self.outlet.send(ORDERS, key, value, sequence)

    def _place(self, country: str) -> tuple[bytes, bytes]:
        """Country and region, encoded."""
        if len(self._places) > 1000:
            self._places.clear()
        region = self.regions.name_of(country)
        made = fragments.text(country), fragments.text(region)
        self._places[country] = made
        return made

    def _take_deliveries(self) -> None:
        deliveries = self.outlet.deliveries()
        failed = [delivery for delivery in deliveries if delivery.failure]
        self.ledger.outcome(deliveries)
        self.counts.acknowledged += len(deliveries) - len(failed)
        self.counts.failed += len(failed)
        if failed:
            self._stop_after_failure(failed[0])

    def _stop_after_failure(self, failed: Delivery) -> None:
        # Whatever broke one event breaks the next: the same command again sends what is missing.
        self.counts.first_failure = self.counts.first_failure or failed.failure
        self.stopping = True

    def _tell_each_second(self) -> None:
        now = self.clock.monotonic()
        if now - self._told < _STATUS_SECONDS:
            return
        self._told = now
        # Some outlets acknowledge only what is flushed.
        self.outlet.flush(0)
        self._take_deliveries()
        self._sync(finished=False)
        self.tell(self.status_line())

    def _sync(self, *, finished: bool) -> None:
        rejected = self.rejected()
        run = at_row(self.run, self._last_row, rejected=rejected, finished=finished)
        self.ledger.sync(run)

    def status_line(self) -> str:
        """Rows read, orders sent and acknowledged, speed and rejected rows so far."""
        counts, seconds = self.counts, max(1e-9, self.clock.monotonic() - self._began)
        rows = self.rows_read()
        return (
            f"{rows:,} rows read, {counts.attempted:,} orders sent, "
            f"{counts.acknowledged:,} acknowledged, {rows / seconds:,.0f} rows/s, "
            f"{sum(self.rejected().values()):,} rejected"
        )

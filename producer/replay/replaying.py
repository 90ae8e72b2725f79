"""Sends events at a pace: the vault knows their subjects first, then the ledger records them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, NamedTuple, Protocol, TypeVar

from contracts.ledger import Run
from contracts.topics import Topic
from producer.clock import STATUS_SECONDS, AwakeTime, Clock, Pace, StatusTimer
from producer.ledger import Ledger
from producer.order_ids import OrderIds
from producer.outlets import Outlet
from producer.room import Gate, GateLines

PRODUCER = "replay"
# Attempts are written, and new subjects are settled, once per block.
_BLOCK_ITEMS = 256
_CHANGED_NAMED = 10
# A sleep this short lets Ctrl-C and acknowledgements through.
_NAP_SECONDS = 0.1


class Recorded(Protocol):
    """What a data file recorded; `position` is its first data row."""

    @property
    def position(self) -> int: ...

    @property
    def event_time(self) -> int: ...


_Item = TypeVar("_Item", bound=Recorded)
_Encoded_contra = TypeVar("_Encoded_contra", bound=Recorded, contravariant=True)


class EncodedEvent(NamedTuple):
    """An event as it is sent; `position` is its first data row.

    An order has a `name` and the digest of what it says, by which a changed copy is found.
    """

    topic: Topic
    event_id: str
    position: int
    key: bytes
    value: bytes
    name: str = ""
    digest: bytes = b""


class Encoder(Protocol[_Encoded_contra]):
    """Makes events of what was recorded."""

    def encoded(self, block: Sequence[_Encoded_contra], first: int) -> list[EncodedEvent]:
        """The events, numbered from `first` on. On return the vault knows their subjects."""


@dataclass
class Counts:
    """What a replay did so far; `first_failure` says why the first event failed.

    `changed` orders were not sent, because other content was sent under their ids; `first_changed`
    names some of them.
    """

    attempted: int = 0
    acknowledged: int = 0
    failed: int = 0
    first_failure: str = ""
    changed: int = 0
    first_changed: list[str] = field(default_factory=list)


@dataclass
class Replay(Generic[_Item]):
    """One run of a data file whose events are called `noun`.

    `rows_read` tells how far the file is read. `tell` gets one line per second.
    """

    run: Run
    outlet: Outlet
    ledger: Ledger
    order_ids: OrderIds
    encoder: Encoder[_Item]
    pace: Pace
    clock: Clock
    gate: Gate
    rows_read: Callable[[], int]
    rejected: Callable[[], dict[str, int]]
    tell: Callable[[str], None]
    noun: str
    counts: Counts = field(default_factory=Counts)
    stopping: bool = False

    def __post_init__(self) -> None:
        assert self.run.source is not None
        # The first row of the last event attempted; all events before it were attempted too.
        self.last_row = self.run.source.last_row
        self._began = self.clock.monotonic()
        self._timer = StatusTimer(self.clock)
        self._encoded = 0
        self._lines = GateLines()

    def stop(self) -> None:
        """Ask for a graceful end: no more events are attempted."""
        self.stopping = True

    def send(self, items: Iterator[_Item]) -> bool:
        """Send until the items end, an event fails or `stop` is called; return if they ended."""
        block: list[_Item] = []
        for item in items:
            while not self.stopping and (delay := self._delay(item)) > 0:
                self._send_block(block)
                self._tell_each_second()
                self.clock.sleep(min(delay, _NAP_SECONDS))
            if self.stopping:
                return False
            block.append(item)
            if len(block) >= _BLOCK_ITEMS:
                self._send_block(block)
                self._tell_each_second()
        self._send_block(block)
        return not self.stopping

    def finish(self, timeout: float) -> int:
        """Wait at most `timeout` seconds for acknowledgements; return how many are unknown."""
        waited = AwakeTime(self.clock.monotonic, 2 * STATUS_SECONDS)
        while True:
            unknown = self.outlet.flush(STATUS_SECONDS)
            self._take_deliveries()
            if unknown == 0 or waited.passed() >= timeout:
                return unknown
            self._tell_each_second()

    def close(self, last_row: int, *, finished: bool) -> None:
        """Close the ledger: the run's slice ends at `last_row`."""
        self.last_row = last_row
        self._sync(finished=finished)
        self.ledger.close()

    def _delay(self, item: _Item) -> float:
        return self.pace.delay(item.event_time, self.clock.monotonic())

    def _send_block(self, block: list[_Item]) -> None:
        """Send the events of the block and empty it."""
        if block and self._gate_opens():
            encoded = self.encoder.encoded(block, self._encoded)
            events = self._unchanged(list(enumerate(encoded, self._encoded)))
            self._encoded += len(encoded)
            self.last_row = block[-1].position
            self.counts.attempted += len(events)
            self.ledger.attempt(
                [
                    (sequence, event.event_id, event.topic.name, event.position)
                    for sequence, event in events
                ]
            )
            for sequence, event in events:
                self.outlet.send(event.topic, (event.key,), (event.value,), (sequence,))
            block.clear()
        self._take_deliveries()

    def _gate_opens(self) -> bool:
        """Wait until something may be sent; False when `stop` is called first."""
        while not self.gate.is_open() and not self.stopping:
            self._take_deliveries()
            self._tell_each_second()
            self.clock.sleep(_NAP_SECONDS)
        return not self.stopping

    def _unchanged(self, events: list[tuple[int, EncodedEvent]]) -> list[tuple[int, EncodedEvent]]:
        """The events without those under whose ids other content was sent."""
        changed = self.order_ids.changed(
            [(event.event_id, event.digest) for _, event in events if event.digest]
        )
        if not changed:
            return events
        kept = []
        for sequence, event in events:
            if event.event_id not in changed:
                kept.append((sequence, event))
                continue
            self.counts.changed += 1
            if len(self.counts.first_changed) < _CHANGED_NAMED:
                self.counts.first_changed.append(f"order {event.name} (row {event.position})")
        return kept

    def _take_deliveries(self) -> None:
        deliveries = self.outlet.deliveries()
        self.ledger.outcome(deliveries)
        self.counts.acknowledged += deliveries.acknowledged
        self.counts.failed += len(deliveries.failures)
        if deliveries.failures:
            # What broke one event would break the next. The same command sends what is missing.
            self.counts.first_failure = self.counts.first_failure or deliveries.failures[0].why
            self.stopping = True

    def _tell_each_second(self) -> None:
        if not self._timer.due():
            return
        # Some outlets acknowledge only what is flushed.
        self.outlet.flush(0)
        self._take_deliveries()
        self._sync(finished=False)
        for line in self._lines.lines(self.gate.closed_by, [self.status_line()]):
            self.tell(line)

    def _sync(self, *, finished: bool) -> None:
        assert self.run.source is not None
        source = replace(self.run.source, last_row=self.last_row)
        rejected = dict(self.rejected())
        self.ledger.sync(replace(self.run, source=source, finished=finished, rejected=rejected))

    def status_line(self) -> str:
        """Rows read, events sent and acknowledged, speed and rejected rows so far."""
        counts, seconds = self.counts, max(1e-9, self.clock.monotonic() - self._began)
        rows = self.rows_read()
        return (
            f"{rows:,} rows read, {counts.attempted:,} {self.noun} sent, "
            f"{counts.acknowledged:,} acknowledged, {rows / seconds:,.0f} rows/s, "
            f"{sum(self.rejected().values()):,} rejected"
        )

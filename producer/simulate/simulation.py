"""Sends a shop's events at its pace, until its end, a failure or Ctrl-C."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from contracts.ledger import Run
from producer.clock import STATUS_SECONDS, AwakeTime, Clock, Pace, StatusTimer
from producer.room import Gate
from producer.simulate.report import SimulationProgress
from producer.simulate.sender import BLOCK_EVENTS, Sender
from producer.simulate.shop.timeline import EventBatch

# A sleep this short lets Ctrl-C and acknowledgements through.
_NAP_SECONDS = 0.05


@dataclass
class Simulation:
    """One worker's run: until `end` by the shop's clock, and at most `count` events."""

    run: Run
    sender: Sender
    pace: Pace
    clock: Clock
    gate: Gate
    end: int | None
    count: int | None
    report: Callable[[SimulationProgress], None]
    stopping: bool = False

    def __post_init__(self) -> None:
        self._timer = StatusTimer(self.clock)

    def stop(self) -> None:
        """Ask for a graceful end: no more events are attempted."""
        self.stopping = True

    def send(self, batches: Iterator[EventBatch], start: int) -> bool:
        """Send from the shop's `start` until its end, `stop` or a failure; return whether the end
        was reached."""
        self.pace.delay(start, self.clock.monotonic())
        for batch in batches:
            last = self._last(batch)
            self._send_batch(batch, last)
            if self.stopping:
                return False
            if last < len(batch.due) or self.sender.progress.events == self.count:
                break
        self.sender.send_copies(None)
        return not self.stopping

    def finish(self, timeout: float) -> None:
        """Wait at most `timeout` seconds for acknowledgements."""
        waited = AwakeTime(self.clock.monotonic, 2 * STATUS_SECONDS)
        while True:
            self.sender.flush(STATUS_SECONDS)
            if self.sender.progress.unknown == 0 or waited.passed() >= timeout:
                return
            self._tell_each_second()

    def close(self, *, finished: bool) -> None:
        """Close the ledger and the labels."""
        self.sender.ledger.sync(replace(self.run, finished=finished))
        self.sender.ledger.close()
        self.sender.labels.close()

    def _send_batch(self, batch: EventBatch, last: int) -> None:
        at = 0
        while at < last and not self.stopping:
            until = min(last, at + BLOCK_EVENTS, self._due(batch))
            if until > at and self.gate.is_open():
                self.sender.send(batch, slice(at, until))
                at = until
            else:
                self.clock.sleep(_NAP_SECONDS)
            self.sender.take_deliveries()
            # What broke one event would break the next.
            self.stopping |= self.sender.progress.failed > 0
            self._tell_each_second()

    def _last(self, batch: EventBatch) -> int:
        """How many events of the batch belong to the run."""
        last = len(batch.due)
        if self.end is not None:
            last = int(np.searchsorted(batch.due, self.end))
        if self.count is not None:
            last = min(last, self.count - self.sender.progress.events)
        return last

    def _due(self, batch: EventBatch) -> int:
        """How many events of the batch are due by now."""
        reached = self.pace.reached(self.clock.monotonic())
        if reached is None:
            return len(batch.due)
        return int(np.searchsorted(batch.due, reached, "right"))

    def _tell_each_second(self) -> None:
        if not self._timer.due():
            return
        # Some outlets acknowledge only what is flushed.
        self.sender.flush(0)
        self.sender.ledger.sync(self.run)
        self.report(replace(self.sender.counted(), closed_by=self.gate.closed_by))

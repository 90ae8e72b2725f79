"""Where the jobs' metrics go: one line of embedded metric format each, to whoever reads the log."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from contracts.metrics import Dimension, MetricName, emf


class Metrics:
    """The metrics of one application."""

    def __init__(
        self, application: str, write: Callable[[str], object], clock: Callable[[], datetime]
    ) -> None:
        self._application = application
        self._write = write
        self._clock = clock

    def emit(
        self, values: Mapping[MetricName, float], *, topic: str = "", reason: str = ""
    ) -> None:
        """Write values that share their dimensions; nothing when there are none."""
        if not values:
            return
        dimensions: dict[Dimension, str] = {"application": self._application}
        if topic:
            dimensions["topic"] = topic
        if reason:
            dimensions["reason"] = reason
        self._write(emf(values, dimensions, int(self._clock().timestamp() * 1000)))

    @contextmanager
    def timed(self, name: MetricName) -> Iterator[None]:
        """Emit how many seconds the block took, when it succeeds."""
        started = time.monotonic()
        yield
        self.emit({name: time.monotonic() - started})

    def emit_freshness(self, newest: datetime | None) -> None:
        """Emit how many seconds ago the newest record was appended, if there is one."""
        if newest is not None:
            self.emit({"freshness_seconds": (self._clock() - newest).total_seconds()})

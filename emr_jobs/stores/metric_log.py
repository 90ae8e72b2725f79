"""Metric lines on their way to CloudWatch Logs, which makes metrics of them."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 5.0
# Ten minutes of two applications; a line is about 300 bytes.
MOST_WAITING = 10_000
# PutLogEvents takes 10,000 events or 1 MiB, each with 26 bytes around it.
_MOST_EVENTS = 1_000


class MetricLog:
    """Writes lines to a stream of a log group from a thread of its own.

    Metrics never hold up a batch: lines wait while CloudWatch cannot be reached, and beyond
    `MOST_WAITING` the oldest are dropped, which is logged with their number.
    """

    def __init__(self, client: Any, group: str, stream: str, clock: Callable[[], datetime]) -> None:
        self._client, self._clock = client, clock
        self._stream = {"logGroupName": group, "logStreamName": stream}
        self._waiting: deque[dict[str, object]] = deque()
        self._lock = threading.Lock()
        self._dropped = 0
        self._made = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="metric-log", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def write(self, line: str) -> None:
        event = {"timestamp": int(self._clock().timestamp() * 1000), "message": line}
        with self._lock:
            if len(self._waiting) == MOST_WAITING:
                self._waiting.popleft()
                self._dropped += 1
            self._waiting.append(event)

    def close(self) -> None:
        """Send what waits and end."""
        self._stop.set()
        self._thread.join(timeout=10)

    def flush(self) -> None:
        """Send what waits; lines that could not be sent go on waiting."""
        while events := self._next():
            try:
                self._send(events)
            except (BotoCoreError, ClientError) as problem:
                logger.warning("%s metric lines wait: %s", len(self._waiting), problem)
                return
            with self._lock:
                for event in events:
                    if self._waiting and self._waiting[0] is event:
                        self._waiting.popleft()
        dropped, self._dropped = self._dropped, 0
        if dropped:
            logger.warning("%s metric lines were dropped while nothing could be sent", dropped)

    def _next(self) -> list[dict[str, object]]:
        with self._lock:
            return [self._waiting[n] for n in range(min(len(self._waiting), _MOST_EVENTS))]

    def _send(self, events: list[dict[str, object]]) -> None:
        if not self._made:
            try:
                self._client.create_log_stream(**self._stream)
            except self._client.exceptions.ResourceAlreadyExistsException:
                logger.info("log stream %s goes on", self._stream["logStreamName"])
            self._made = True
        self._client.put_log_events(**self._stream, logEvents=events)

    def _run(self) -> None:
        while not self._stop.wait(FLUSH_SECONDS):
            self.flush()
        self.flush()

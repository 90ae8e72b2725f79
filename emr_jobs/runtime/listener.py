"""What Spark tells after each trigger, as metrics and as offsets of a Kafka group."""

from __future__ import annotations

import json
import logging
import queue
import threading
from collections.abc import Callable, Mapping
from typing import Any

from kafka.errors import KafkaError
from pyspark.sql.streaming.listener import (
    QueryIdleEvent,
    QueryProgressEvent,
    QueryStartedEvent,
    QueryTerminatedEvent,
    StreamingQueryListener,
)

from emr_jobs.io.kafka import KafkaClient

logger = logging.getLogger(__name__)

Emit = Callable[[str, Mapping[str, float]], None]


def measures(progress: Mapping[str, Any]) -> dict[str, float]:
    """Metric values of one trigger's progress (Spark's StreamingQueryProgress as JSON)."""
    durations = progress.get("durationMs", {})
    lag = sum(
        latest - _at(source.get("endOffset"), topic, partition)
        for source in progress.get("sources", ())
        for topic, partitions in _parsed(source.get("latestOffset")).items()
        for partition, latest in partitions.items()
    )
    return {
        "batch_seconds": durations.get("triggerExecution", 0) / 1000,
        "batch_rows": float(progress.get("numInputRows", 0)),
        "rows_per_second": float(progress.get("processedRowsPerSecond", 0.0) or 0.0),
        "lag_offsets": float(lag),
        "state_rows": float(
            sum(each.get("numRowsTotal", 0) for each in progress.get("stateOperators", ()))
        ),
    }


def applied_offsets(progress: Mapping[str, Any]) -> dict[str, dict[int, int]]:
    """topic -> partition -> the offset after the trigger's last record."""
    found: dict[str, dict[int, int]] = {}
    for source in progress.get("sources", ()):
        for topic, partitions in _parsed(source.get("endOffset")).items():
            found.setdefault(topic, {}).update(partitions)
    return found


def _parsed(offsets: Any) -> dict[str, dict[int, int]]:
    """Spark gives offsets as an object or as its JSON text, by version."""
    if not offsets:
        return {}
    nested = json.loads(offsets) if isinstance(offsets, str) else offsets
    return {t: {int(p): int(o) for p, o in ps.items()} for t, ps in nested.items()}


def _at(offsets: Any, topic: str, partition: int) -> int:
    return _parsed(offsets).get(topic, {}).get(partition, 0)


class ProgressListener(StreamingQueryListener):
    """Hands progress to a thread of its own: Spark's listener bus must not wait for a broker."""

    def __init__(self, kafka: KafkaClient, groups: Mapping[str, str], emit: Emit) -> None:
        self._kafka = kafka
        self._groups = groups
        self._emit = emit
        self._waiting: queue.Queue[dict[str, Any] | None] = queue.Queue(maxsize=1000)
        self._thread = threading.Thread(target=self._work, name="listener", daemon=True)
        self._thread.start()

    def onQueryStarted(self, event: QueryStartedEvent) -> None:  # noqa: N802 - Spark's name
        logger.info("%s started", event.name)

    def onQueryProgress(self, event: QueryProgressEvent) -> None:  # noqa: N802 - Spark's name
        self._waiting.put(json.loads(event.progress.json))

    def onQueryIdle(self, event: QueryIdleEvent) -> None:  # noqa: N802 - Spark's name
        pass

    def onQueryTerminated(self, event: QueryTerminatedEvent) -> None:  # noqa: N802 - Spark's name
        logger.info("a query ended%s", f": {event.exception}" if event.exception else "")

    def close(self) -> None:
        self._waiting.put(None)
        self._thread.join(timeout=10)

    def _work(self) -> None:
        while (progress := self._waiting.get()) is not None:
            name = str(progress["name"])
            self._emit(name, measures(progress))
            try:
                self._kafka.publish(self._groups[name], applied_offsets(progress))
            except KafkaError as error:
                # Only the view of other tools lags; the progress itself is in Postgres.
                logger.warning("offsets of %s not published: %s", name, error)

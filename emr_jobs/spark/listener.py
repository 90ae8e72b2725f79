"""What Spark tells after each trigger, as metrics and as offsets of a Kafka group."""

from __future__ import annotations

import json
import logging
import queue
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from kafka.errors import KafkaError
from pyspark.sql import SparkSession

from contracts.applications import Application
from contracts.metrics import MetricName
from emr_jobs.kernel.metrics import Metrics
from emr_jobs.stores.kafka import KafkaClient

logger = logging.getLogger(__name__)


def measures(progress: Mapping[str, Any]) -> dict[MetricName, float]:
    """Metric values of one trigger's progress (Spark's StreamingQueryProgress as JSON)."""
    seconds = progress.get("durationMs", {}).get("triggerExecution", 0) / 1000
    rows = applied_rows(progress)
    if not rows:
        return {"empty_batch_seconds": seconds}
    states = progress.get("stateOperators", ())
    return {
        "batch_seconds": seconds,
        "batch_rows": float(rows),
        "rows_per_second": rows / seconds if seconds else 0.0,
        "state_rows": float(sum(each.get("numRowsTotal", 0) for each in states)),
        "state_bytes": float(sum(each.get("memoryUsedBytes", 0) for each in states)),
    }


def applied_rows(progress: Mapping[str, Any]) -> int:
    """Records between the trigger's offsets; Spark's count grows with each pass over a batch."""
    return _between(progress, "startOffset", "endOffset").total()


def lags(progress: Mapping[str, Any]) -> Counter[str]:
    """Offsets by topic that were in Kafka at the trigger and are not applied after it."""
    return _between(progress, "endOffset", "latestOffset")


def applied_offsets(progress: Mapping[str, Any]) -> dict[str, dict[int, int]]:
    """topic -> partition -> the offset after the trigger's last record."""
    found: dict[str, dict[int, int]] = {}
    for source in progress.get("sources", ()):
        for topic, partitions in _parsed(source.get("endOffset")).items():
            found.setdefault(topic, {}).update(partitions)
    return found


def _between(progress: Mapping[str, Any], start: str, end: str) -> Counter[str]:
    """How many records of each topic lie between two of the offsets that its source tells."""
    found: Counter[str] = Counter()
    for source in progress.get("sources", ()):
        starts = _parsed(source.get(start))
        for topic, partitions in _parsed(source.get(end)).items():
            for partition, offset in partitions.items():
                found[topic] += offset - starts.get(topic, {}).get(partition, 0)
    return found


def _parsed(offsets: Any) -> dict[str, dict[int, int]]:
    """Spark gives offsets as an object or as its JSON text, by version."""
    if not offsets:
        return {}
    nested = json.loads(offsets) if isinstance(offsets, str) else offsets
    return {t: {int(p): int(o) for p, o in ps.items()} for t, ps in nested.items()}


class Listener(Protocol):
    """Who is told what queries do; a run is one start of one."""

    def started(self, run: str, name: str) -> None: ...

    def progressed(self, progress: dict[str, Any]) -> None: ...

    def idle(self, run: str) -> None: ...

    def ended(self, reason: str) -> None: ...


class _Events:
    """Takes Spark's own events. The listener of pyspark asks for each of their fields by a call of
    its own: 6 of Java's CPU seconds in two minutes of traffic. As JSON they are one call."""

    class Java:
        """What Spark calls."""

        implements = ("org.apache.spark.sql.streaming.PythonStreamingQueryListener",)

    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    def onQueryStarted(self, event: Any) -> None:  # noqa: N802 - Spark's name
        self._listener.started(event.runId().toString(), event.name())

    def onQueryProgress(self, event: Any) -> None:  # noqa: N802 - Spark's name
        self._listener.progressed(json.loads(event.progress().json()))

    def onQueryIdle(self, event: Any) -> None:  # noqa: N802 - Spark's name
        self._listener.idle(event.runId().toString())

    def onQueryTerminated(self, event: Any) -> None:  # noqa: N802 - Spark's name
        reason = event.exception()
        self._listener.ended(reason.get() if reason.isDefined() else "")


def listen(spark: SparkSession, listener: Listener) -> None:
    """Have Spark tell the listener, in a thread of Spark's, what the session's queries do."""
    context: Any = spark.sparkContext
    streaming = context._jvm.org.apache.spark.sql.streaming
    session: Any = spark._jsparkSession
    session.streams().addListener(streaming.PythonStreamingQueryListenerWrapper(_Events(listener)))


class ProgressListener:
    """Hands progress to a thread of its own: Spark's listener bus must not wait for a broker.
    Offsets that could not be published are tried again, because no other batch may come."""

    def __init__(
        self,
        kafka: KafkaClient,
        applications: Sequence[Application],
        metrics: Mapping[str, Metrics],
        retry_seconds: float = 3.0,
    ) -> None:
        self._kafka = kafka
        self._applications = {app.name: app for app in applications}
        self._metrics = metrics
        # An idle query is told by its run alone.
        self._names: dict[str, str] = {}
        self._retry_seconds = retry_seconds
        self._unpublished: dict[str, dict[str, dict[int, int]]] = {}
        self._waiting: queue.Queue[dict[str, Any] | None] = queue.Queue(maxsize=1000)
        self._thread = threading.Thread(target=self._work, name="listener", daemon=True)
        self._thread.start()

    def started(self, run: str, name: str) -> None:
        self._names[run] = name
        logger.info("%s started", name)

    def progressed(self, progress: dict[str, Any]) -> None:
        self._waiting.put(progress)

    def idle(self, run: str) -> None:
        """Spark looked and found nothing new. Without a word a quiet topic would look like an
        application that has stopped, whose lag nobody tells."""
        self._waiting.put({"idle": self._names[run]})

    def ended(self, reason: str) -> None:
        logger.info("a query ended%s", f": {reason}" if reason else "")

    def close(self) -> None:
        self._waiting.put(None)
        self._thread.join(timeout=10)

    def _work(self) -> None:
        while (progress := self._next()) is not None:
            if "idle" in progress:
                self._measure_idle(str(progress["idle"]))
            elif progress:
                self._measure(progress)
                self._unpublished[str(progress["name"])] = applied_offsets(progress)
            self._publish()

    def _next(self) -> dict[str, Any] | None:
        """The next progress; an empty one when it is time to publish what could not be."""
        try:
            return self._waiting.get(timeout=self._retry_seconds if self._unpublished else None)
        except queue.Empty:
            return {}

    def _measure(self, progress: Mapping[str, Any]) -> None:
        metrics = self._metrics[str(progress["name"])]
        metrics.emit(measures(progress))
        for topic, behind in lags(progress).items():
            metrics.emit({"lag_offsets": float(behind)}, topic=topic)

    def _measure_idle(self, name: str) -> None:
        """All that can be read is applied. What open transactions hold back lags all the same."""
        topics = [topic.name for topic in self._applications[name].reads]
        try:
            held = self._kafka.held_back(topics)
        except KafkaError as error:
            logger.warning("the lag of %s is not known: %s", name, error)
            return
        for topic in topics:
            self._metrics[name].emit({"lag_offsets": float(held[topic])}, topic=topic)

    def _publish(self) -> None:
        for name, offsets in list(self._unpublished.items()):
            try:
                self._kafka.publish(self._applications[name].group, offsets)
                del self._unpublished[name]
            except KafkaError as error:
                # Only the view of other tools lags; the progress itself is in Postgres.
                logger.warning("offsets of %s not published yet: %s", name, error)

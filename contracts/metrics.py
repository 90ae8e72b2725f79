"""Every metric: what it counts, in which unit, by which dimensions, and how it is written.

One line of CloudWatch's embedded metric format is both a log line and the metrics in it. So the
same line serves the log of a laptop and the alarms of a cloud.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

NAMESPACE = "Shopstream"
# The most that CloudWatch takes in one document.
MAX_METRICS = 100

MetricName = Literal[
    "batch_seconds",
    "empty_batch_seconds",
    "batch_rows",
    "rows_per_second",
    "repeated_batches",
    "lake_commit_seconds",
    "postgres_commit_seconds",
    "freshness_seconds",
    "state_rows",
    "state_bytes",
    "alerts_raised",
    "outbox_unsent",
    "outbox_oldest_seconds",
    "hot_answers_behind",
    "lag_offsets",
    "valid_rows",
    "duplicate_rows",
    "late_rows",
    "invalid_rows",
    "quarantined_rows",
    "quality_percent",
    "running_drivers",
    "failed_runs",
    "notifications_sent",
    "notifications_failed",
    "canary_seconds",
]
Dimension = Literal["application", "topic", "reason"]
Unit = Literal["Seconds", "Count", "Count/Second", "Bytes", "Percent"]


@dataclass(frozen=True)
class Metric:
    """A metric is found by exactly these dimensions only, so it is written with exactly these."""

    unit: Unit
    dimensions: frozenset[Dimension]
    meaning: str


_APPLICATION: frozenset[Dimension] = frozenset({"application"})
_TOPIC: frozenset[Dimension] = frozenset({"application", "topic"})
_REASON: frozenset[Dimension] = frozenset({"application", "topic", "reason"})

METRICS: dict[MetricName, Metric] = {
    "batch_seconds": Metric(
        "Seconds", _APPLICATION, "one batch with rows, from its trigger to its last commit"
    ),
    "empty_batch_seconds": Metric("Seconds", _APPLICATION, "one batch without rows"),
    "batch_rows": Metric("Count", _APPLICATION, "Kafka records in one batch"),
    "rows_per_second": Metric(
        "Count/Second", _APPLICATION, "Kafka records of one batch divided by its batch_seconds"
    ),
    "repeated_batches": Metric(
        "Count", _APPLICATION, "batches shown again after they were applied, in whole or in part"
    ),
    "lake_commit_seconds": Metric("Seconds", _APPLICATION, "one commit to an Iceberg table"),
    "postgres_commit_seconds": Metric(
        "Seconds", _APPLICATION, "one transaction of answers and offsets"
    ),
    "freshness_seconds": Metric(
        "Seconds", _APPLICATION, "time of commit minus the newest append time in the batch"
    ),
    "state_rows": Metric("Count", _APPLICATION, "keys in Spark's state store"),
    "state_bytes": Metric("Bytes", _APPLICATION, "memory of Spark's state store"),
    "alerts_raised": Metric("Count", _APPLICATION, "new alerts of one batch"),
    "outbox_unsent": Metric("Count", _APPLICATION, "outbox rows that are not yet in Kafka"),
    "outbox_oldest_seconds": Metric(
        "Seconds", _APPLICATION, "age of the oldest outbox row that is not yet in Kafka"
    ),
    "hot_answers_behind": Metric(
        "Count",
        _APPLICATION,
        "batches whose answers Valkey has not taken yet",
    ),
    "lag_offsets": Metric(
        "Count", _TOPIC, "offsets in the topic that are not applied, summed over its partitions"
    ),
    "valid_rows": Metric("Count", _TOPIC, "new events of one batch"),
    "duplicate_rows": Metric("Count", _TOPIC, "valid records of one batch that were known before"),
    "late_rows": Metric("Count", _TOPIC, "new events appended over 15 minutes after their time"),
    "invalid_rows": Metric(
        "Count", _TOPIC, "records of one batch that are not events, whatever the reason"
    ),
    "quarantined_rows": Metric("Count", _REASON, "invalid_rows by their reason"),
    "quality_percent": Metric(
        "Percent", _TOPIC, "silver / (silver + quarantine) of one batch of a topic"
    ),
    "running_drivers": Metric(
        "Count", _APPLICATION, "drivers that the job controller sees; 1 while a person wants none"
    ),
    "failed_runs": Metric(
        "Count", _APPLICATION, "drivers of this deployment that failed within the hour"
    ),
    "notifications_sent": Metric("Count", _APPLICATION, "alerts of which a person was told"),
    "notifications_failed": Metric("Count", _APPLICATION, "alerts that could not be sent on"),
    "canary_seconds": Metric(
        "Seconds", _APPLICATION, "from sending a tagged order to finding it in Postgres"
    ),
}


def emf(
    values: Mapping[MetricName, float],
    dimensions: Mapping[Dimension, str],
    timestamp_ms: int,
) -> str:
    """One line of embedded metric format; ValueError on what CloudWatch would drop in silence."""
    _require(values, dimensions)
    document: dict[str, object] = {
        "_aws": {
            "Timestamp": timestamp_ms,
            "CloudWatchMetrics": [
                {
                    "Namespace": NAMESPACE,
                    "Dimensions": [sorted(dimensions)],
                    "Metrics": [
                        {"Name": name, "Unit": METRICS[name].unit} for name in sorted(values)
                    ],
                }
            ],
        },
        **{name: dimensions[name] for name in sorted(dimensions)},
        **{name: values[name] for name in sorted(values)},
    }
    return json.dumps(document, separators=(",", ":"))


def _require(values: Mapping[MetricName, float], dimensions: Mapping[Dimension, str]) -> None:
    if not 1 <= len(values) <= MAX_METRICS:
        raise ValueError(f"1 to {MAX_METRICS} metrics are needed, got {len(values)}")
    for dimension, given_value in dimensions.items():
        if dimension not in get_args(Dimension) or not given_value:
            raise ValueError(f"not a dimension: {dimension}={given_value!r}")
    for name, value in values.items():
        if name not in METRICS:
            raise ValueError(f"no metric {name!r}; known: {', '.join(METRICS)}")
        if METRICS[name].dimensions != dimensions.keys():
            wanted = ", ".join(sorted(METRICS[name].dimensions))
            given = ", ".join(sorted(dimensions)) or "none"
            raise ValueError(f"{name} is written by {wanted}, not by {given}")
        if not math.isfinite(value):
            raise ValueError(f"{name} is {value}, which is not a number")

"""How a batch's records ended: for the quality windows, the journal and the metrics."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from contracts.events import LATE_AFTER_US
from contracts.topics import Topic
from emr_jobs.kernel.metrics import Metrics
from emr_jobs.questions.quality import WINDOW

# How a record ends.
OUTCOMES = ("silver", "duplicate", "quarantine")
_COLUMNS = pa.schema(
    [
        ("topic", pa.string()),
        ("window_start", pa.timestamp("us", "UTC")),
        ("outcome", pa.string()),
        ("records", pa.int64()),
    ]
)


@dataclass(frozen=True)
class Tally:
    """One topic's records, counted: a row per (outcome, reason, five minutes of append time)."""

    rows: tuple[dict[str, Any], ...]

    def records(self, outcome: str | None = None) -> int:
        return sum(r["records"] for r in self.rows if outcome in (None, r["outcome"]))

    def late(self) -> int:
        """New events that were appended more than 15 minutes after their time."""
        return sum(r["late"] for r in self.rows if r["outcome"] == "silver")

    def reasons(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for row in self.rows:
            if row["outcome"] == "quarantine":
                found[row["reason"]] += row["records"]
        return found

    def newest(self) -> datetime | None:
        """The last append time."""
        return max((row["newest"] for row in self.rows), default=None)


def count_outcomes(*records: DataFrame) -> Tally:
    """Count frames with `outcome`, `reason`, `append_time` and `late_by_us`, in one job."""
    late = F.coalesce(F.col("late_by_us") > LATE_AFTER_US, F.lit(False)).cast("bigint")
    start = F.window("append_time", WINDOW).start.alias("window_start")
    needed = ("outcome", "reason", "append_time", "late_by_us")
    together = reduce(DataFrame.unionByName, [frame.select(*needed) for frame in records])
    counted = together.groupBy("outcome", "reason", start).agg(
        F.count("*").alias("records"),
        F.sum(late).alias("late"),
        F.max("append_time").alias("newest"),
    )
    # Arrow keeps the zone; collect() would give naive times in the zone of the machine.
    return Tally(tuple(counted.toArrow().to_pylist()))


def outcomes_of(topic: Topic, tally: Tally) -> pa.Table:
    """The rows from which the questions of `ingest` are answered: counts per window and outcome."""
    names = ("window_start", "outcome", "records")
    rows = [{"topic": topic.name, **{name: row[name] for name in names}} for row in tally.rows]
    return pa.Table.from_pylist(rows, _COLUMNS)


def report(metrics: Metrics, topic: Topic, tally: Tally) -> None:
    """The batch's counts of a topic as metrics."""
    silver, refused = tally.records("silver"), tally.records("quarantine")
    metrics.emit(
        {
            "valid_rows": silver,
            "duplicate_rows": tally.records("duplicate"),
            "late_rows": tally.late(),
            "invalid_rows": refused,
        },
        topic=topic.name,
    )
    if silver + refused:
        quality = 100.0 * silver / (silver + refused)
        metrics.emit({"quality_percent": quality}, topic=topic.name)
    for reason, count in sorted(tally.reasons().items()):
        metrics.emit({"quarantined_rows": count}, topic=topic.name, reason=reason)
    metrics.emit_freshness(tally.newest())

"""How a batch's records ended: for the quality windows, the journal and the metrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from contracts.topics import Topic
from emr_jobs.kernel.metrics import Metrics

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
class Counted:
    """How many records of a topic ended alike, in one window of append time. `late` of them were
    appended more than 15 minutes after their event time; `newest` is the last append time."""

    outcome: str
    reason: str | None
    window_start: datetime
    records: int
    late: int
    newest: datetime


@dataclass(frozen=True)
class Tally:
    """One topic's records, counted."""

    counted: tuple[Counted, ...]

    def records(self, outcome: str | None = None) -> int:
        return sum(each.records for each in self.counted if outcome in (None, each.outcome))

    def late(self) -> int:
        """New events that were appended more than 15 minutes after their time."""
        return sum(each.late for each in self.counted if each.outcome == "silver")

    def reasons(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for each in self.counted:
            if each.reason is not None:
                found[each.reason] += each.records
        return found

    def newest(self) -> datetime | None:
        """The last append time."""
        return max((each.newest for each in self.counted), default=None)


def tally(groups: Iterable[Mapping[str, Any]], duplicates: pa.Table) -> Tally:
    """The tally of one topic. `groups` count its records by reason, null for an event, and window;
    `duplicates` are those of its events that are copies, each with its window, append time and
    whether it is late."""
    return Tally((*_outcomes_of(groups, duplicates),))


def _outcomes_of(groups: Iterable[Mapping[str, Any]], duplicates: pa.Table) -> Iterator[Counted]:
    copies = {
        row["window_start"]: row
        for row in duplicates.group_by("window_start")
        .aggregate([([], "count_all"), ("late", "sum"), ("append_time", "max")])
        .to_pylist()
    }
    for row in copies.values():
        yield Counted(
            *("duplicate", None, row["window_start"]),
            *(row["count_all"], row["late_sum"], row["append_time_max"]),
        )
    events: dict[datetime, list[Mapping[str, Any]]] = {}
    for row in groups:
        start, reason = row["window_start"], row["reason"]
        if reason is None:
            events.setdefault(start, []).append(row)
            continue
        yield Counted("quarantine", reason, start, row["records"], row["late"], row["newest"])
    for start, rows in events.items():
        own = copies.get(start, {"count_all": 0, "late_sum": 0})
        records = sum(row["records"] for row in rows) - own["count_all"]
        late = sum(row["late"] for row in rows) - own["late_sum"]
        if records:
            yield Counted("silver", None, start, records, late, max(r["newest"] for r in rows))


def outcomes_of(tallies: Mapping[str, Tally]) -> pa.Table:
    """The rows from which the questions of `ingest` are answered: counts per topic, window and
    outcome."""
    rows = [
        {
            "topic": topic,
            "window_start": each.window_start,
            "outcome": each.outcome,
            "records": each.records,
        }
        for topic, own in tallies.items()
        for each in own.counted
    ]
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

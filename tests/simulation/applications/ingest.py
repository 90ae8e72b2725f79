"""ingest: every offset into bronze; each event once into silver."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from emr_jobs.kernel.batches import Batch
from emr_jobs.kernel.lake import LakeIngest
from emr_jobs.kernel.progress import Commit
from emr_jobs.kernel.ranges import OffsetRange
from tests.simulation.applications.questions import QUALITY, grouped, merge, moment
from tests.simulation.records import MINUTE, Position, Record, require_all
from tests.simulation.stores.database import Session
from tests.simulation.stores.lake import TableClient

Records = list[Record]
OUTCOMES = {"silver": "silver", "duplicates": "duplicate", "quarantine": "quarantine"}


def window_of(record: Record) -> int:
    """The five minutes in which it was appended."""
    return record.append_time // (5 * MINUTE)


@dataclass
class SortedList:
    """The kernel's `SortedRecords`."""

    topic: str
    silver: Records | None
    duplicates: Records | None
    quarantine: Records | None

    def count(self, commit: Commit[Session]) -> None:
        windows: dict[int, dict[str, int]] = {}
        for name, outcome in OUTCOMES.items():
            records = getattr(self, name) or ()
            commit.counts[name] = commit.counts.get(name, 0) + len(records)
            for window, own in grouped(records, window_of).items():
                counts = windows.setdefault(window, dict.fromkeys(OUTCOMES.values(), 0))
                counts[outcome] = len(own)
        partials = [
            {"topic": self.topic, "window_start": moment(window * 5 * MINUTE), **counts}
            for window, counts in windows.items()
        ]
        merge(commit.connection, QUALITY, partials, commit.sequence)


class Ingest:
    """The kernel's `BatchApplication` of the lake. `version` is the code's."""

    def __init__(
        self, silver: dict[str, TableClient], lake: LakeIngest[Records, Session], version: int
    ) -> None:
        self._silver = silver
        self._lake = lake
        self._version = version

    def apply(self, batch: Batch[Records]) -> None:
        def sort(topic: str, ranges: Sequence[OffsetRange], rejected: Records | None) -> SortedList:
            mine = [each for each in batch.records if each.topic == topic]
            require_all(mine, ranges)
            return self._sorted(topic, mine, {each.position for each in rejected or ()})

        self._lake.apply(batch, sort)

    def rehearse(self, batch: Batch[Records]) -> None:
        """Nobody waits for the lake."""

    def repeat(self) -> None:
        """The lake has no projections."""

    def _sorted(self, topic: str, records: Records, rejected: set[Position]) -> SortedList:
        """As `apps.ingest.Ingest._sort`."""
        silver = self._silver[topic]
        silver.asked()
        good, bad = [], []
        for each in records:
            event = each.event
            read = event.valid and event.version <= self._version
            (good if read and each.position not in rejected else bad).append(each)
        good.sort(key=lambda each: each.position)
        firsts: dict[str, Position] = {}
        new, copies = [], []
        for each in good:
            event_id = each.event.event_id
            if event_id not in firsts:
                known = silver.copies(event_id)
                firsts[event_id] = known[0].position if known else each.position
            (new if firsts[event_id] == each.position else copies).append(each)
        return SortedList(topic, new or None, copies or None, bad or None)

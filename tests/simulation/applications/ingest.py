"""ingest: every offset into bronze; each event once into silver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from emr_jobs.kernel.batches import Batch
from emr_jobs.kernel.lake import LakeIngest
from emr_jobs.kernel.progress import Commit
from emr_jobs.kernel.ranges import OffsetRange
from tests.simulation.applications.questions import QUALITY, grouped, merge, moment
from tests.simulation.records import MINUTE, Position, Record, skipped_offsets
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

    silver: Records | None
    duplicates: Records | None
    quarantine: Records | None


@dataclass
class SortedLists:
    """The kernel's `SortedBatch`."""

    topics: dict[str, SortedList]
    skipped: tuple[OffsetRange, ...] = ()

    def count(self, commit: Commit[Session]) -> None:
        commit.skipped = self.skipped
        windows: dict[tuple[str, int], dict[str, int]] = {}
        for topic, records in self.topics.items():
            for name, outcome in OUTCOMES.items():
                own = getattr(records, name) or ()
                commit.counts[name] = commit.counts.get(name, 0) + len(own)
                for window, found in grouped(own, window_of).items():
                    empty = dict.fromkeys(OUTCOMES.values(), 0)
                    windows.setdefault((topic, window), empty)[outcome] = len(found)
        partials = [
            {"topic": topic, "window_start": moment(window * 5 * MINUTE), **counts}
            for (topic, window), counts in windows.items()
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
        def sort(
            topics: Mapping[str, Sequence[OffsetRange]], rejected: Records | None
        ) -> SortedLists:
            held = {each.position for each in rejected or ()}
            found: dict[str, SortedList] = {}
            skipped: list[OffsetRange] = []
            for topic, ranges in topics.items():
                mine = [each for each in batch.records if each.topic == topic]
                skipped += skipped_offsets(mine, ranges)
                found[topic] = self._sorted(topic, mine, held)
            return SortedLists(found, tuple(skipped))

        self._lake.apply(batch, sort)

    def rehearse(self, batch: Batch[Records]) -> None:
        """Nobody waits for the lake."""

    def repeat(self) -> None:
        """The lake has no projections."""

    def _sorted(self, topic: str, records: Records, rejected: set[Position]) -> SortedList:
        """As `apps.sorting`."""
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
        return SortedList(new or None, copies or None, bad or None)

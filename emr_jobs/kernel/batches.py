"""What happens to one micro-batch before and after an application sees it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from emr_jobs.kernel.crash_points import Visit
from emr_jobs.kernel.errors import Conflict, topic_replaced
from emr_jobs.kernel.metrics import Metrics
from emr_jobs.kernel.offset_log import TextFiles, batch_ranges
from emr_jobs.kernel.progress import ProgressStore
from emr_jobs.kernel.ranges import (
    OffsetRange,
    Progress,
    count_of,
    covered_in_part,
    require_no_gap,
    slices,
    unapplied,
)

logger = logging.getLogger(__name__)

# What a batch's records are held in: a Spark frame, or whatever another engine has.
Frame = TypeVar("Frame")


@dataclass(frozen=True)
class Batch(Generic[Frame]):
    """The records of `ranges`, none of which is applied yet."""

    id: int
    records: Frame
    ranges: tuple[OffsetRange, ...]
    started_at: datetime


class BatchApplication(Protocol[Frame]):
    """What a micro-batch is for."""

    def apply(self, batch: Batch[Frame]) -> None:
        """Store the batch's answers with its progress, all or nothing."""

    def rehearse(self, batch: Batch[Frame]) -> None:
        """Compute what `apply` would and store nothing, where the first batch must be quick: plans
        are compiled and Java has met its classes before the first record comes."""

    def repeat(self) -> None:
        """Push the projections again: what left the store after the last commit may be lost."""


@dataclass(frozen=True)
class StreamIdentity:
    """The cluster and the topics a stream was started on."""

    cluster_id: str
    topic_ids: Mapping[str, str]


class BatchSource(Protocol[Frame]):
    """The topics of a stream, and its batches as the engine hands them over."""

    def topic_ids(self, topics: Iterable[str]) -> Mapping[str, str]:
        """The broker's id of each topic now; TopicReplaced when one does not exist."""

    def records(self, raw: Frame, ranges: Iterable[OffsetRange]) -> Frame:
        """The records of a whole batch as the applications read them."""

    def within(self, records: Frame, ranges: Iterable[OffsetRange]) -> Frame:
        """The records that lie in one of the ranges."""

    def empty_record(self, topic: str, at: datetime) -> Frame:
        """A raw batch of the one record of no bytes, at offset 0 of partition 0."""


class BatchRunner(Generic[Frame]):
    """Hands each batch's unapplied records to the application; those of a batch with more than
    twice `max_offsets` in parts, each with a commit of its own. The engine calls it. `failure`
    keeps what it raised, because Spark passes only a text on."""

    def __init__(
        self,
        application: BatchApplication[Frame],
        *,
        files: TextFiles,
        progress: ProgressStore[Any],
        source: BatchSource[Frame],
        identity: StreamIdentity,
        max_offsets: int,
        visit: Visit,
        metrics: Metrics,
        clock: Callable[[], datetime],
    ) -> None:
        self._application = application
        self._files = files
        self._progress = progress
        self._source = source
        self._identity = identity
        self._max_offsets = max_offsets
        self._visit = visit
        self._metrics = metrics
        self._clock = clock
        # The last batch, and where each partition of it ended.
        self._last: tuple[int, Progress] = (-2, {})
        self.failure: Exception | None = None

    def __call__(self, raw: Frame, batch_id: int) -> None:
        try:
            self._run(raw, batch_id)
        except Exception as error:
            self.failure = error
            raise

    def resume(self, earliest: Mapping[str, Mapping[int, int]]) -> None:
        """Push the projections of the last commit, before the first batch: what died after it had
        committed may have pushed nothing, and its batch need not be shown again. Then raise Gap
        where the first offsets that the topics still have lie beyond what is applied."""
        self._application.repeat()
        readable = (
            OffsetRange(topic, self._identity.topic_ids[topic], partition, first, first)
            for topic, partitions in earliest.items()
            for partition, first in partitions.items()
        )
        require_no_gap(readable, self._progress.applied())

    def rehearse(self) -> None:
        """Have the application rehearse with one record of each topic, which is not an event."""
        at = self._clock()
        for topic, topic_id in self._identity.topic_ids.items():
            ranges = (OffsetRange(topic, topic_id, 0, 0, 1),)
            records = self._source.records(self._source.empty_record(topic, at), ranges)
            self._application.rehearse(Batch(-1, records, ranges, at))

    def _run(self, raw: Frame, batch_id: int) -> None:
        started_at = self._clock()
        self.require_same_topics()
        ranges = self._ranges(batch_id)
        fresh = unapplied(ranges, self._progress.applied())
        if all(each.start == each.end for each in ranges):
            return
        self._visit("batch-started")
        if not fresh:
            logger.info("batch %s is covered: %s", batch_id, _described(ranges))
            self._note_repeat(batch_id, "whole")
            self._application.repeat()
            return
        records = self._source.records(raw, ranges)
        if covered_in_part(ranges, fresh):
            logger.info("batch %s is covered in part; new: %s", batch_id, _described(fresh))
            self._note_repeat(batch_id, "part")
            records = self._source.within(records, fresh)
        # The engine divides its limit among partitions and rounds up. A batch that is far beyond it
        # was planned when the records were smaller.
        if count_of(fresh) <= 2 * self._max_offsets:
            self._application.apply(Batch(batch_id, records, fresh, started_at))
            return
        for part in slices(fresh, self._max_offsets):
            logger.info("batch %s is applied in parts: %s", batch_id, _described(part))
            within = self._source.within(records, part)
            self._application.apply(Batch(batch_id, within, part, self._clock()))

    def _ranges(self, batch_id: int) -> tuple[OffsetRange, ...]:
        """The batch's ranges by the checkpoint. The engine has the batch's start in memory; where
        the checkpoint was deleted under it, and another driver writes a new one, the two differ."""
        ranges = batch_ranges(self._files, batch_id, self._identity.topic_ids)
        last, ends = self._last
        if batch_id == last + 1 and any(each.start != ends.get(each.key, 0) for each in ranges):
            raise Conflict(f"batch {batch_id} does not begin where batch {last} ended")
        self._last = batch_id, {each.key: each.end for each in ranges}
        return ranges

    def _note_repeat(self, batch_id: int, covered: str) -> None:
        self._progress.note_repeat(batch_id, covered)
        self._metrics.emit({"repeated_batches": 1})

    def require_same_topics(self) -> None:
        """Raise TopicReplaced when a topic is not the one the stream was started on."""
        found = self._source.topic_ids(self._identity.topic_ids)
        for topic, topic_id in self._identity.topic_ids.items():
            if found[topic] != topic_id:
                raise topic_replaced(topic, found[topic], [topic_id])


def _described(ranges: Iterable[OffsetRange]) -> str:
    return ", ".join(f"{r.topic}/{r.partition} [{r.start}, {r.end})" for r in ranges)

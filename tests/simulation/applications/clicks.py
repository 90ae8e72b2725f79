"""clicks: one batch becomes one transaction; ids that silver knows are forgotten."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import pyarrow as pa

from emr_jobs.kernel.batches import Batch
from emr_jobs.kernel.progress import Commit, ProgressStore
from emr_jobs.kernel.transactions import apply_once
from emr_jobs.stores.click_ids.forgetting import STALE, AppliedUntil, remembered_from
from emr_jobs.stores.click_ids.remembering import COLUMNS, ClickIds, IdBlock
from tests.simulation.applications.questions import OF_CLICKS, merge, moment
from tests.simulation.records import BrokerClient, Record, firsts_of, skipped_offsets, within
from tests.simulation.stores.click_blocks import MemoryBlocks, silver_decided
from tests.simulation.stores.database import Session
from tests.simulation.stores.lake import TableClient

_TYPES = (pa.string(), pa.string(), pa.int32(), pa.int64(), pa.timestamp("us", "UTC"))


@dataclass
class ClickEvents:
    """The kernel's `BatchEvents` of a batch of clicks."""

    batch: Batch[list[Record]]
    silver: TableClient
    ids: ClickIds[Session]
    forget: Callable[[Session, Batch[list[Record]]], None]

    def look_elsewhere(self) -> None:
        """As `apps.clicks` asks silver about late clicks."""
        self.skipped = skipped_offsets(self.batch.records, self.batch.ranges)
        self.firsts, self.copies = firsts_of(self.batch.records)
        self.elsewhere: set[str] = set()
        stale = [
            each
            for each in self.firsts
            if moment(each.event.event_time) < moment(each.append_time) - STALE
        ]
        if not stale:
            return
        self.silver.asked()
        forgotten = remembered_from(self.batch.started_at)
        for each in stale:
            held = [
                row
                for row in self.silver.copies(each.event.event_id)
                if row.position != each.position and moment(row.append_time) < forgotten
            ]
            if len(held) > len(within(held, self.batch.ranges)):
                self.elsewhere.add(each.event.event_id)

    def remember(self, commit: Commit[Session]) -> bool:
        candidates = [e for e in self.firsts if e.event.event_id not in self.elsewhere]
        uuids = {_uuid(each): each.event.event_id for each in candidates}
        found = self.ids.remember(commit.connection, commit.sequence, _table(candidates))
        self.known = {uuids[each] for each in found}
        for _ in self.known:
            commit.connection.note("copy across batches")
        self.new = [each.event for each in candidates if each.event.event_id not in self.known]
        return bool(self.new)

    def answer(self, commit: Commit[Session]) -> None:
        for question, step in OF_CLICKS:
            merge(commit.connection, question, step(self.new), commit.sequence)

    def close(self, commit: Commit[Session]) -> None:
        commit.skipped = self.skipped
        rejected = sum(not each.event.valid for each in self.batch.records)
        gone = self.copies + len(self.known) + len(self.elsewhere)
        commit.counts.update(new=len(self.new), duplicate=gone, quarantine=rejected)
        self.forget(commit.connection, self.batch)


class Clicks:
    """The kernel's `BatchApplication` of clicks."""

    def __init__(
        self,
        progress: ProgressStore[Session],
        broker: BrokerClient,
        silver: TableClient,
        clock: Callable[[], datetime],
    ) -> None:
        self._progress = progress
        self._broker = broker
        self._silver = silver
        self._clock = clock
        self.ids: ClickIds[Session] = ClickIds(MemoryBlocks(self.silver_decided))
        self._applied_until = AppliedUntil()

    def apply(self, batch: Batch[list[Record]]) -> None:
        apply_once(batch, ClickEvents(batch, self._silver, self.ids, self._forget), self._progress)

    def rehearse(self, batch: Batch[list[Record]]) -> None:
        """Nothing is slow here."""

    def repeat(self) -> None:
        """Nothing leaves the store."""

    def _forget(self, session: Session, batch: Batch[list[Record]]) -> None:
        """As `apps.clicks` forgets after each batch."""
        newest: dict[int, datetime] = {}
        for each in batch.records:
            if each.event.valid:
                at = moment(each.append_time)
                newest[each.partition] = max(at, newest.get(each.partition, at))
        self._applied_until.saw(newest)
        (topic_id,) = {each.topic_id for each in batch.ranges}
        applied = {
            partition: until
            for (topic, partition), until in self._progress.applied().items()
            if topic == topic_id
        }
        asked_at = self._clock()
        ends = self._broker.end_offsets(["clicks"])["clicks"]
        until = self._applied_until.moment(applied, ends, asked_at)
        if until is not None:
            self.ids.forget(session, topic_id, until)

    def silver_decided(self, session: Session, block: IdBlock) -> bool:
        """Whether silver knows all ids of the block."""
        return silver_decided(session, block)


def _uuid(record: Record) -> str:
    return str(UUID(int=int(record.event.event_id[1:])))


def _table(records: list[Record]) -> pa.Table:
    rows = [
        (_uuid(each), each.topic_id, each.partition, each.offset, moment(each.append_time))
        for each in records
    ]
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(COLUMNS)
    return pa.table([pa.array(c, t) for c, t in zip(columns, _TYPES, strict=True)], COLUMNS)

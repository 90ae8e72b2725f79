"""clicks: one batch becomes one transaction; ids that silver knows are forgotten."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from emr_jobs.kernel.batches import Batch
from emr_jobs.kernel.progress import Commit, ProgressStore
from emr_jobs.kernel.transactions import apply_once
from emr_jobs.stores.click_ids import REMEMBERED, STALE, AppliedUntil, remembered_from
from tests.simulation.applications.questions import OF_CLICKS, merge, moment
from tests.simulation.records import BrokerClient, Record, firsts_of, require_all, within
from tests.simulation.stores.database import Session
from tests.simulation.stores.lake import TableClient


@dataclass
class ClickEvents:
    """The kernel's `BatchEvents` of a batch of clicks."""

    batch: Batch[list[Record]]
    silver: TableClient
    forget: Callable[[Session, Batch[list[Record]]], None]

    def look_elsewhere(self) -> None:
        """As `apps.clicks` asks silver about late clicks."""
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

    def remember(self, connection: Session) -> bool:
        candidates = [e for e in self.firsts if e.event.event_id not in self.elsewhere]
        self.known = connection.insert_unknown("click_ids", candidates)
        self.new = [each.event for each in candidates if each.event.event_id not in self.known]
        return bool(self.new)

    def answer(self, commit: Commit[Session]) -> None:
        for question, step in OF_CLICKS:
            merge(commit.connection, question, step(self.new), commit.sequence)

    def close(self, commit: Commit[Session]) -> None:
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
        self._applied_until = AppliedUntil()

    def apply(self, batch: Batch[list[Record]]) -> None:
        require_all(batch.records, batch.ranges)
        apply_once(batch, ClickEvents(batch, self._silver, self._forget), self._progress)

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
            self.forget_before(session, topic_id, until)

    def forget_before(self, session: Session, topic_id: str, applied_until: datetime) -> None:
        """As `stores.click_ids.forget`."""
        session.asked()
        progress = session.database.progress
        behind = any(
            until > progress.get(("clicks", topic_id, partition), 0)
            for (application, topic, partition), until in progress.items()
            if application == "ingest" and topic == topic_id
        )
        if behind:
            return
        before = applied_until - REMEMBERED
        ids = session.database.table("click_ids")
        for event_id, record in list(ids.items()):
            if moment(record.append_time) < before and self.silver_decided(session, record):
                session.delete(ids, event_id)

    def silver_decided(self, session: Session, record: Record) -> bool:
        """Whether ingest has passed the record."""
        key = "ingest", record.topic_id, record.partition
        return session.database.progress.get(key, 0) > record.offset

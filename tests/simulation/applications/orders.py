"""orders: one batch becomes one transaction; its alerts leave by the outbox."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from emr_jobs.kernel.batches import Batch
from emr_jobs.kernel.merge import Row
from emr_jobs.kernel.outbox import relay
from emr_jobs.kernel.progress import Commit, ProgressStore
from emr_jobs.kernel.ranges import OffsetRange
from emr_jobs.kernel.transactions import apply_once
from tests.simulation.applications.questions import FRAUD_ALERTS, OF_ORDERS, alerts, merge
from tests.simulation.records import BrokerClient, Event, Record, firsts_of, skipped_offsets
from tests.simulation.stores.database import MemoryOutbox, Session


@dataclass
class OrderEvents:
    """The kernel's `BatchEvents` of a batch of orders."""

    records: list[Record]
    skipped: tuple[OffsetRange, ...]
    raise_alerts: Callable[[Iterable[Event]], Iterator[Row]]

    def look_elsewhere(self) -> None:
        """The table of orders forgets nothing."""

    def remember(self, commit: Commit[Session]) -> bool:
        firsts, self.copies = firsts_of(self.records)
        self.known = commit.connection.insert_unknown("orders", firsts)
        self.new = [each.event for each in firsts if each.event.event_id not in self.known]
        return bool(self.new)

    def answer(self, commit: Commit[Session]) -> None:
        session = commit.connection
        for question, step in OF_ORDERS:
            merge(session, question, step(self.new), commit.sequence)
        raised = merge(session, FRAUD_ALERTS, self.raise_alerts(self.new), commit.sequence)
        outbox = MemoryOutbox(session)
        for each in raised:
            outbox.enqueue(each["alert_id"])

    def close(self, commit: Commit[Session]) -> None:
        commit.skipped = self.skipped
        rejected = sum(not each.event.valid for each in self.records)
        commit.counts.update(
            new=len(self.new), duplicate=self.copies + len(self.known), quarantine=rejected
        )


class Orders:
    """The kernel's `BatchApplication` of orders."""

    def __init__(self, session: Session, progress: ProgressStore[Session], sender: BrokerClient):
        self._session = session
        self._progress = progress
        self._sender = sender
        self.raise_alerts: Callable[[Iterable[Event]], Iterator[Row]] = alerts

    def apply(self, batch: Batch[list[Record]]) -> None:
        skipped = skipped_offsets(batch.records, batch.ranges)
        apply_once(batch, OrderEvents(batch.records, skipped, self.raise_alerts), self._progress)
        self.repeat()

    def rehearse(self, batch: Batch[list[Record]]) -> None:
        """Nothing is slow here."""

    def repeat(self) -> None:
        relay(MemoryOutbox(self._session), self._sender)

"""Sends a shop's events and their copies: the vault knows the people first, then the ledger."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts.registry import Registry
from contracts.topics import SOURCES
from producer.ledger import Ledger
from producer.outlets import Outlet
from producer.simulate.encoding.values import EncodedEvents, EventValues
from producer.simulate.labels import Label, Labels
from producer.simulate.report import SimulationProgress
from producer.simulate.shop.defects import DEFECTS, broken
from producer.simulate.shop.incidents import SCENARIOS
from producer.simulate.shop.people import People
from producer.simulate.shop.timeline import ORDER, EventBatch
from producer.simulate.verdicts import MOST_WAITING, VERDICTS, Verdicts, quarantined

# Attempts are written, and new subjects are settled, once per block: each waits for the disk.
BLOCK_EVENTS = 16_384
# In minor units. Orders above it are pointed out.
HIGH_VALUE = 100_000
_WAIT_SECONDS = 0.05
_TOPIC_NAMES = np.array([topic.name for topic in SOURCES], object)
_ANNOUNCED = [
    np.array([0, *(quarantined(defect.reason) for defect in defects)], np.int8)
    for defects in DEFECTS
]


class _PartStart(NamedTuple):
    """The first event of a part: its number in the run and the number of its attempt, both from 0.
    Each row of `ids` has the 36 characters of one event's id."""

    first: int
    sequence: int
    ids: NDArray[np.uint8]


class Copy(NamedTuple):
    """An event that is sent again when the shop's clock reaches `due`."""

    due: int
    number: int
    topic: int
    key: bytes
    value: bytes
    time: int
    announced: int
    event_id: str


@dataclass
class Sender:
    """What one worker sends and hears back. `sent_at` tells when the events of a batch are sent, in
    microseconds UTC."""

    outlet: Outlet
    ledger: Ledger
    labels: Labels
    people: People
    values: EventValues
    registry: Registry
    sent_at: Callable[[EventBatch], int]
    progress: SimulationProgress = field(default_factory=SimulationProgress)

    def __post_init__(self) -> None:
        self._verdicts = Verdicts(len(SOURCES))
        self._copies: list[Copy] = []

    def send(self, batch: EventBatch, part: slice) -> None:
        """Send a part of a batch, and the copies that are due by then."""
        count = part.stop - part.start
        first = self.progress.events
        at = _PartStart(first, self.progress.attempted, self.values.ids(first, count))
        sent_at = self.sent_at(batch)
        encoded = self.values.encode(batch, part, first=first, ids=at.ids, sent_at=sent_at)
        self.people.settle()
        self._note_orders(batch, encoded, at)
        self.ledger.attempt(_attempts(batch, part, at))
        self.progress.events += count
        self.progress.attempted += count
        for one in encoded:
            self._hand_over(batch, part, one, at)
        self.send_copies(int(batch.due[part.stop - 1]))

    def send_copies(self, reached: int | None) -> None:
        """Send the copies that are due; if `reached` is None, send all of them."""
        due: list[Copy] = []
        while self._copies and (reached is None or self._copies[0].due <= reached):
            due.append(heapq.heappop(self._copies))
            if len(due) == BLOCK_EVENTS:
                self._send_again(due)
                due = []
        if due:
            self._send_again(due)

    def take_deliveries(self) -> None:
        """Learn what became of events; waits while too many are under way."""
        while True:
            deliveries = self.outlet.deliveries()
            for failed in deliveries.failures:
                self.progress.first_failure = self.progress.first_failure or failed.why
                self.progress.failed += 1
                self._verdicts.failed(failed.sequence)
            self.progress.acknowledged += deliveries.acknowledged
            self.ledger.outcome(deliveries, self._verdicts.acknowledged(deliveries))
            waiting = self.progress.attempted - self.progress.acknowledged - self.progress.failed
            if waiting < MOST_WAITING // 2:
                return
            # Some outlets acknowledge only what is flushed.
            self.outlet.flush(_WAIT_SECONDS)

    def flush(self, timeout: float) -> None:
        """Wait at most `timeout` seconds for acknowledgements; `progress` then says what is
        unknown."""
        self.progress.unknown = self.outlet.flush(timeout)
        self.take_deliveries()

    def counted(self) -> SimulationProgress:
        """The progress as it is now."""
        names = [topic.name for topic in SOURCES]
        return replace(
            self.progress,
            by_topic=dict(zip(names, self._verdicts.by_topic.tolist(), strict=True)),
            verdicts={
                name: count
                for name, count in zip(VERDICTS, self._verdicts.counts.tolist(), strict=True)
                if count
            },
        )

    def _hand_over(
        self, batch: EventBatch, part: slice, one: EncodedEvents, at: _PartStart
    ) -> None:
        defect = batch.marks.defect[part][one.index]
        copy_after = batch.marks.copy_after[part][one.index]
        for row in np.flatnonzero(defect).tolist():
            known = DEFECTS[one.topic][defect[row] - 1]
            one.values[row] = broken(SOURCES[one.topic], one.values[row], known, self.registry)
        announced = _ANNOUNCED[one.topic][defect]
        number = at.first + one.index + 1
        sequence = at.sequence + one.index
        self._verdicts.attempted(
            sequence,
            time=one.time,
            announced=announced,
            topic=one.topic,
            twin=np.where(copy_after > 0, number, 0),
        )
        for row in np.flatnonzero(copy_after).tolist():
            copy = Copy(
                due=int(batch.due[part][one.index[row]] + copy_after[row]),
                number=int(number[row]),
                topic=one.topic,
                key=one.keys[row],
                value=one.values[row],
                time=int(one.time[row]),
                announced=int(announced[row]),
                event_id=at.ids[one.index[row]].tobytes().decode(),
            )
            heapq.heappush(self._copies, copy)
        self.outlet.send(SOURCES[one.topic], one.keys, one.values, sequence.tolist())

    def _send_again(self, copies: list[Copy]) -> None:
        sequence = self.progress.attempted
        self.ledger.attempt(
            (number, copy.event_id, SOURCES[copy.topic].name, copy.number)
            for number, copy in enumerate(copies, start=sequence)
        )
        self.progress.attempted += len(copies)
        for number, copy in enumerate(copies, start=sequence):
            self._verdicts.attempted(
                np.array([number]),
                time=np.array([copy.time]),
                announced=np.array([copy.announced], np.int8),
                topic=copy.topic,
                twin=np.array([copy.number]),
            )
            self.outlet.send(SOURCES[copy.topic], (copy.key,), (copy.value,), (number,))
        self.take_deliveries()

    def _note_orders(self, batch: EventBatch, encoded: list[EncodedEvents], at: _PartStart) -> None:
        """Write down which of the orders are fraud, and point out those of high value."""
        for one in encoded:
            if one.topic == ORDER:
                labels = list(self._labels_of(batch, one, at))
                self.progress.fraud_orders += len(labels)
                self.labels.add(labels)
                high = one.row[batch.totals[one.row] > HIGH_VALUE]
                self.progress.high_value += len(high)
                if len(high):
                    self.progress.sample = self.values.describe(batch, int(high[-1]))

    def _labels_of(self, batch: EventBatch, one: EncodedEvents, at: _PartStart) -> Iterator[Label]:
        rows = np.flatnonzero(batch.orders.incident[one.row])
        order_ids = self.values.order_ids(batch.orders.visit[one.row[rows]])
        for row, order_id in zip(rows.tolist(), order_ids, strict=True):
            index, order = int(one.index[row]), int(one.row[row])
            yield (
                at.ids[index].tobytes().decode(),
                at.first + index,
                order_id,
                int(one.time[row]),
                SCENARIOS[batch.orders.scenario[order] - 1].name,
                int(batch.orders.incident[order]),
            )


def _attempts(
    batch: EventBatch, part: slice, at: _PartStart
) -> Iterator[tuple[int, str, str, int]]:
    """Rows of the ledger; they are made only if there is a ledger."""
    text = at.ids.tobytes().decode()
    ids = [text[start : start + 36] for start in range(0, len(text), 36)]
    yield from zip(
        range(at.sequence, at.sequence + len(ids)),
        ids,
        _TOPIC_NAMES[batch.topic[part]].tolist(),
        range(at.first + 1, at.first + 1 + len(ids)),
        strict=True,
    )

"""What must become of each acknowledged event, so that a proof can compare it with the lake."""

from __future__ import annotations

import numpy as np

from contracts.events import FUTURE_ALLOWANCE_US, LATE_AFTER_US
from contracts.rejections import REASONS, Reason
from producer.outlets import Deliveries
from producer.simulate.shop.columns import Bytes, Longs

ON_TIME, LATE, DUPLICATE = range(3)
_FIRST_REASON = 3
# The names of the verdicts in the ledger, by number.
VERDICTS: tuple[str, ...] = (
    *("", "late", "duplicate"),
    *(f"quarantine:{reason}" for reason in REASONS),
)
_NAMES = np.array(VERDICTS, object)
_FUTURE_DATED = _FIRST_REASON + REASONS.index("future_dated")
# More events than wait for an answer in any outlet.
MOST_WAITING = 1 << 19
_MASK = MOST_WAITING - 1


def quarantined(reason: Reason) -> int:
    """The verdict on a value that is broken in this way."""
    return _FIRST_REASON + REASONS.index(reason)


class Verdicts:
    """Judges events by the broker's append time, as the lake will.

    A malformed or future-dated record goes to quarantine, and so does each copy of it. Of two valid
    copies, the first one acknowledged is in silver (and late if it was appended late), and the
    other one is a duplicate. Copies share a key and hence a partition, and acknowledgements come in
    the order of the partition.
    """

    def __init__(self, topics: int) -> None:
        self.counts = np.zeros(len(VERDICTS), np.int64)
        self.by_topic = np.zeros(topics, np.int64)
        self._time = np.zeros(MOST_WAITING, np.int64)
        self._announced = np.zeros(MOST_WAITING, np.int8)
        self._topic = np.zeros(MOST_WAITING, np.int8)
        self._twin = np.zeros(MOST_WAITING, np.int64)
        # Events that are sent twice and have one answer so far: whether that one is in silver.
        self._twins: dict[int, bool] = {}

    def attempted(
        self, sequence: Longs, *, time: Longs, announced: Bytes, topic: int, twin: Longs
    ) -> None:
        """Record events about to be sent. `announced` is the verdict on a malformed value, else 0.
        `twin` is the number, from 1, of an event that is sent twice, else 0."""
        slot = sequence & _MASK
        self._time[slot] = time
        self._announced[slot] = announced
        self._topic[slot] = topic
        self._twin[slot] = twin

    def acknowledged(self, deliveries: Deliveries) -> list[str]:
        """Count the verdicts on acknowledged events; return their names."""
        slot = np.array(deliveries.sequences, np.int64) & _MASK
        appended = np.array(deliveries.append_times, np.int64)
        late_by = appended - self._time[slot]
        verdict = np.where(late_by > LATE_AFTER_US, LATE, ON_TIME)
        verdict[late_by < -FUTURE_ALLOWANCE_US] = _FUTURE_DATED
        announced = self._announced[slot]
        verdict = np.where(announced > 0, announced, verdict)
        for row in np.flatnonzero(self._twin[slot]).tolist():
            valid = int(verdict[row]) in (ON_TIME, LATE)
            if self._answered(int(self._twin[slot[row]]), in_silver=valid) and valid:
                verdict[row] = DUPLICATE
        self.counts += np.bincount(verdict, minlength=len(VERDICTS))
        self.by_topic += np.bincount(self._topic[slot], minlength=len(self.by_topic))
        names: list[str] = _NAMES[verdict].tolist()
        return names

    def failed(self, sequence: int) -> None:
        """Record that an event did not arrive."""
        number = int(self._twin[sequence & _MASK])
        if number:
            self._answered(number, in_silver=False)

    def _answered(self, number: int, *, in_silver: bool) -> bool:
        """Record an answer; return whether the event was in silver before it."""
        if number in self._twins:
            return self._twins.pop(number)
        self._twins[number] = in_silver
        return False

"""Events that are odd on purpose: late, out of order, future-dated, malformed or sent twice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from contracts.times import MINUTE_US, SECOND_US
from producer.simulate.shop.columns import Bytes, Columns, Flags, Longs
from producer.simulate.shop.defects import DEFECTS

# Well above the limits of late and of the future, so that a second more on the way decides nothing.
LATE_BY_US = (20 * MINUTE_US, 180 * MINUTE_US)
AHEAD_BY_US = (15 * MINUTE_US, 120 * MINUTE_US)
HELD_BACK_US = (2 * SECOND_US, MINUTE_US)
# Long enough that a copy and its twin are often in different batches.
COPY_AFTER_US = (100_000, 30_000_000)


@dataclass(frozen=True)
class Shares:
    """Shares of all events, each from 0 to 1. An event is at most one of late, future and
    malformed; any event may also be sent twice or out of order."""

    duplicates: float = 0.0
    late: float = 0.0
    out_of_order: float = 0.0
    future: float = 0.0
    malformed: float = 0.0

    @property
    def marks(self) -> bool:
        """Whether an event may be odd in another way than out of order."""
        return bool(self.duplicates or self.late or self.future or self.malformed)


@dataclass(frozen=True)
class Marks(Columns):
    """What is odd about events; 0 means nothing. `late_by`, `ahead_by` and `copy_after` (until a
    copy is sent) are in microseconds; `defect` is a number in the topic's `DEFECTS`, from 1."""

    late_by: Longs
    ahead_by: Longs
    defect: Bytes
    copy_after: Longs


def mark(random: np.random.Generator, shares: Shares, topic: Bytes, fraud: Flags) -> Marks:
    """Choose what is odd about events. Fraud may be late or sent twice, but it always arrives."""
    count = len(topic)
    none = np.zeros(count, np.int64)
    if not shares.marks:
        return Marks(none, none, none.astype(np.int8), none)
    chance = random.random(count)
    malformed = (chance < shares.malformed) & ~fraud
    ahead = (chance >= shares.malformed) & (chance < shares.malformed + shares.future) & ~fraud
    late = chance >= 1 - shares.late
    kinds = np.array([len(defects) for defects in DEFECTS], np.int64)[topic]
    defect = 1 + np.floor(random.random(count) * kinds).astype(np.int8)
    copied = random.random(count) < shares.duplicates
    return Marks(
        late_by=np.where(late, random.integers(*LATE_BY_US, count), 0),
        ahead_by=np.where(ahead, random.integers(*AHEAD_BY_US, count), 0),
        defect=np.where(malformed, defect, 0).astype(np.int8),
        copy_after=np.where(copied, random.integers(*COPY_AFTER_US, count), 0),
    )

"""When the ids of counted clicks may be forgotten: Postgres holds the latest, silver all others.

An event and its copies have one event time, and no record is appended more than
`FUTURE_ALLOWANCE_US` before its event time (it would be quarantined). So a record that is not
stale, appended less than `STALE` after its event time, has no copy appended earlier than
`STALE` + 5 min before it: `REMEMBERED` covers that with room for brokers' clocks. A stale record is
looked up in silver as well, among what was appended when its id may have been forgotten since.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

STALE = timedelta(minutes=30)
REMEMBERED = timedelta(hours=2)
# Another driver, on a machine whose clock was ahead, may have forgotten more.
_CLOCKS = timedelta(minutes=15)


def remembered_from(now: datetime) -> datetime:
    """The append time from which every id that was applied is still there."""
    return now - REMEMBERED + _CLOCKS


class AppliedUntil:
    """Up to which append time all of a topic is applied. What each partition was seen to hold says
    so, because a broker's append times never fall within a partition."""

    def __init__(self) -> None:
        self._newest: dict[int, datetime] = {}

    def saw(self, newest: Mapping[int, datetime]) -> None:
        """The newest append times applied, by partition."""
        self._newest.update(newest)

    def moment(
        self, applied: Mapping[int, int], ends: Mapping[int, int], asked_at: datetime
    ) -> datetime | None:
        """The time before which nothing is left to apply; None when that is not known. `ends` are
        the partitions' end offsets as the broker had them at `asked_at` or later."""
        times = []
        for partition, end in ends.items():
            if applied.get(partition, 0) >= end:
                times.append(asked_at)
            elif partition in self._newest:
                times.append(self._newest[partition])
            else:
                return None
        return min(times, default=None)

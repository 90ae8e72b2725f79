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

from contracts.applications import CLICK_ANSWERS, INGEST
from emr_jobs.stores.postgres import Pg

STALE = timedelta(minutes=30)
REMEMBERED = timedelta(hours=2)
# Another driver, on a machine whose clock was ahead, may have forgotten more.
_CLOCKS = timedelta(minutes=15)

# Silver may elect any copy that `ingest` has read. An id is left to silver alone when this
# application has applied all that `ingest` has read. That holds for a topic that is gone, too: of
# an event that `ingest` had not read there, silver elects a later copy.
_FORGET = """
    DELETE FROM click_ids c
    WHERE c.append_time < %(before)s
      AND EXISTS (
        SELECT FROM progress i
        WHERE i.application = %(ingest)s AND i.topic_id = c.topic_id
          AND i."partition" = c."partition" AND i.until > c."offset")
      AND NOT EXISTS (
        SELECT FROM progress i LEFT JOIN progress m
          ON m.application = %(clicks)s AND m.topic_id = i.topic_id
          AND m."partition" = i."partition"
        WHERE i.application = %(ingest)s AND i.topic_id = %(topic_id)s
          AND i.until > coalesce(m.until, 0))
"""


def forget(connection: Pg, topic_id: str, applied_until: datetime) -> int:
    """Drop what silver knows by now; no record of the topic that is still to be applied was
    appended before `applied_until`. Returns how many ids went."""
    return connection.execute(
        _FORGET,
        {
            "before": applied_until - REMEMBERED,
            "topic_id": topic_id,
            "ingest": INGEST.name,
            "clicks": CLICK_ANSWERS.name,
        },
    ).rowcount


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

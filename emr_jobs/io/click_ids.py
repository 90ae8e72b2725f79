"""Which clicks are already counted: the lately counted in Postgres, all others in silver.

An event and its copies have one event time, and no record is appended more than
`FUTURE_ALLOWANCE_US` before its event time (it would be quarantined). So a record that is not
stale, appended less than `STALE` after its event time, has no copy appended earlier than
`STALE` + 5 min before it: `REMEMBERED` covers that with room for brokers' clocks. A stale record is
looked up in silver as well.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pyarrow as pa

from contracts.applications import CLICK_ANSWERS, INGEST
from contracts.tables.click_answers import CLICK_IDS
from emr_jobs.io.answers import Pg, insert_unknown

STALE = timedelta(minutes=30)
REMEMBERED = timedelta(hours=2)

# Of offsets that this application has not passed silver may elect a copy: all of them must be
# applied before an id is left to silver alone.
_FORGET = """
    DELETE FROM click_ids c USING progress i
    WHERE c.append_time < %(before)s
      AND i.application = %(ingest)s AND i.topic_id = c.topic_id
      AND i."partition" = c."partition" AND i.until > c."offset"
      AND NOT EXISTS (
        SELECT FROM progress a JOIN progress m USING (topic_id, "partition")
        WHERE a.application = %(ingest)s AND m.application = %(clicks)s AND a.until > m.until)
"""


def new_clicks(connection: Pg, clicks: pa.Table) -> set[str]:
    """Remember the clicks not counted lately and return the event ids that were: those are
    duplicates. `clicks` holds each event id once, with the columns of `click_ids`."""
    return insert_unknown(connection, CLICK_IDS, clicks)


def forget(connection: Pg, newest: datetime) -> int:
    """Drop what silver knows by now; `newest` is the append time up to which all is applied.
    Returns how many ids went."""
    return connection.execute(
        _FORGET,
        {"before": newest - REMEMBERED, "ingest": INGEST.name, "clicks": CLICK_ANSWERS.name},
    ).rowcount

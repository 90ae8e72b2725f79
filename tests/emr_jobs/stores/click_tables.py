"""Clicks as `ClickIds` is given them."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pyarrow as pa

from emr_jobs.stores.click_ids.remembering import COLUMNS

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TOPIC_ID = "topic-1"
_TYPES = (pa.string(), pa.string(), pa.int32(), pa.int64(), pa.timestamp("us", "UTC"))


def clicks(*rows: tuple[int, int, int], at: datetime = NOON) -> pa.Table:
    """(event number, partition, offset), appended at one time."""
    found = [(text_of(number), TOPIC_ID, *place, at) for number, *place in rows]
    columns = list(zip(*found, strict=True)) if found else [()] * len(COLUMNS)
    return pa.table([pa.array(c, t) for c, t in zip(columns, _TYPES, strict=True)], COLUMNS)


def text_of(number: int) -> str:
    return str(UUID(int=number))

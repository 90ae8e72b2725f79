"""Times as they are on the wire: microseconds UTC since the epoch."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US


def micros_of(moment: datetime) -> int:
    """The wire's number for an aware time, exactly."""
    return (moment - EPOCH) // timedelta(microseconds=1)

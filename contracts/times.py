"""Times as they are on the wire: microseconds UTC since the epoch."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros_of(moment: datetime) -> int:
    """The wire's number for an aware time, exactly."""
    return (moment - _EPOCH) // timedelta(microseconds=1)

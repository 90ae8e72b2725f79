"""What a laptop's stack leaves free of its disk, and what it still needs for what is in Kafka."""

from __future__ import annotations

from collections.abc import Mapping

from contracts.topics import ORDERS

MB = 1024 * 1024
_SHARE, _MOST = 10, 2048 * MB
# What the applications write for one record, measured on a stack that was behind: 590 bytes with
# 600,000 events of simulated shoppers, nearly all of them clicks; 18 kB with 1,186 real orders, of
# which each had windows of its own.
_PER_RECORD, _PER_ORDER = 1024, 20 * 1024


def kept_free(total: int) -> int:
    """The bytes of a disk of `total` bytes that stay free: a tenth, and at most 2 GB.

    No stack starts below them, and the producer sends nothing. They are for Postgres' log, for what
    Spark writes beside its batches, and for other programs.
    """
    return min(total // _SHARE, _MOST)


def needed_for(waiting: Mapping[str, int]) -> int:
    """The bytes that the applications write when they apply these numbers of records by topic."""
    return sum(
        count * (_PER_ORDER if topic == ORDERS.name else _PER_RECORD)
        for topic, count in waiting.items()
    )

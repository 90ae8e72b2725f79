"""Which offsets of a batch gave no record: of aborted transactions, and the marks that end one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa

from emr_jobs.kernel.ranges import OffsetRange, count_of, skipped


def skipped_offsets(
    ranges: Sequence[OffsetRange], records: int, positions: Callable[[], pa.Table]
) -> tuple[OffsetRange, ...]:
    """The offsets of one topic's ranges at which no record is. `positions` has `partition` and
    `offset` of all `records`; it is asked only where some are skipped. Spark has failed already
    where Kafka had deleted a record before it was read."""
    if records == count_of(ranges):
        return ()
    found, offsets = positions(), dict[int, list[int]]()
    columns = (found[name].to_pylist() for name in ("partition", "offset"))
    for partition, offset in zip(*columns, strict=True):
        offsets.setdefault(partition, []).append(offset)
    return skipped(ranges, offsets)

"""The range of a batch, read from Spark's checkpoint: it is written before the batch runs.

Layout (Spark 4.1): ``offsets/N`` holds a version line, a metadata line and one JSON line per source
with the end offsets of batch N; ``sources/0/0`` holds the offsets from which batch 0 starts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Protocol

from emr_jobs.kernel.ranges import OffsetRange


class TextFiles(Protocol):
    """Reads a whole file below the checkpoint; None when there is none."""

    def read(self, path: str) -> str | None: ...


def parse_offsets(text: str) -> dict[str, dict[int, int]]:
    """The offsets in the last line of an ``offsets/N`` or ``sources/0/0`` file."""
    last = text.lstrip("\0").rstrip().splitlines()[-1]
    return {
        topic: {int(partition): int(offset) for partition, offset in partitions.items()}
        for topic, partitions in json.loads(last).items()
    }


def batch_ranges(
    files: TextFiles, batch_id: int, topic_ids: Mapping[str, str]
) -> tuple[OffsetRange, ...]:
    """The ranges of a batch, one for each partition; a partition that is new starts at 0.

    Raises FileNotFoundError when the log does not hold the batch.
    """
    ends = _offsets(files, f"offsets/{batch_id}")
    before = f"offsets/{batch_id - 1}" if batch_id else "sources/0/0"
    starts = _offsets(files, before)
    return tuple(
        OffsetRange(
            topic, topic_ids[topic], partition, starts.get(topic, {}).get(partition, 0), end
        )
        for topic, partitions in sorted(ends.items())
        for partition, end in sorted(partitions.items())
    )


def _offsets(files: TextFiles, path: str) -> dict[str, dict[int, int]]:
    text = files.read(path)
    if text is None:
        raise FileNotFoundError(f"the checkpoint has no {path}")
    return parse_offsets(text)

"""Offset ranges of a batch against what is already applied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from emr_jobs.kernel.errors import Gap


@dataclass(frozen=True)
class OffsetRange:
    """Offsets [start, end) of one Kafka partition."""

    topic: str
    topic_id: str
    partition: int
    start: int
    end: int

    @property
    def key(self) -> tuple[str, int]:
        return self.topic_id, self.partition


# (topic id, partition) -> offsets below this one are applied.
Progress: TypeAlias = Mapping[tuple[str, int], int]


def unapplied(ranges: Iterable[OffsetRange], progress: Progress) -> tuple[OffsetRange, ...]:
    """What of a batch is new: empty when it is covered, cut at the front when covered in part.

    A partition without progress is new and starts at 0. Raises Gap when a range starts beyond what
    is applied.
    """
    fresh = []
    for each in ranges:
        until = progress.get(each.key, 0)
        if each.start > until:
            raise Gap(
                f"{each.topic} partition {each.partition}: applied up to offset {until}, but the "
                f"next that can be read is {each.start}; offsets [{until}, {each.start}) are "
                "missing (deleted by retention before they were read, or the checkpoint belongs "
                "to another stack)"
            )
        if each.end > until:
            fresh.append(each if each.start == until else replace(each, start=until))
    return tuple(fresh)


def covered_in_part(ranges: Iterable[OffsetRange], fresh: Iterable[OffsetRange]) -> bool:
    """Whether some of the ranges' offsets are not in `fresh`: the beginning of a partition's, or
    all that a partition has."""
    return set(fresh) != {each for each in ranges if each.start < each.end}


def advanced(progress: Progress, ranges: Iterable[OffsetRange]) -> dict[tuple[str, int], int]:
    """The progress once the ranges are applied; it never goes back."""
    return furthest(progress, *({each.key: each.end} for each in ranges))


def furthest(*known: Progress) -> dict[tuple[str, int], int]:
    """The larger of several accounts of the same progress, partition by partition."""
    until: dict[tuple[str, int], int] = {}
    for account in known:
        for key, offset in account.items():
            until[key] = max(offset, until.get(key, 0))
    return until

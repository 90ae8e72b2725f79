"""Offset ranges of a batch against what is already applied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from emr_jobs.kernel.errors import Gap, Miscounted


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
    ranges, fresh = tuple(ranges), []
    require_no_gap(ranges, progress)
    for each in ranges:
        until = progress.get(each.key, 0)
        if each.end > until:
            fresh.append(each if each.start == until else replace(each, start=until))
    return tuple(fresh)


def require_no_gap(readable: Iterable[OffsetRange], progress: Progress) -> None:
    """Raise Gap where a partition can be read from beyond what is applied only."""
    missing = [
        f"{each.topic} partition {each.partition}: applied up to offset {until}, but the next that "
        f"can be read is {each.start}; offsets [{until}, {each.start}) are missing"
        for each in readable
        if each.start > (until := progress.get(each.key, 0))
    ]
    if missing:
        raise Gap(
            f"{'; '.join(missing)} (deleted before they were read, or the checkpoint belongs to "
            "another stack). If their source has them no more, only a person can accept the loss: "
            "shopstream accept-gap"
        )


def covered_in_part(ranges: Iterable[OffsetRange], fresh: Iterable[OffsetRange]) -> bool:
    """Whether some of the ranges' offsets are not in `fresh`: the beginning of a partition's, or
    all that a partition has."""
    return set(fresh) != {each for each in ranges if each.start < each.end}


def count_of(ranges: Iterable[OffsetRange]) -> int:
    """How many offsets the ranges have."""
    return sum(each.end - each.start for each in ranges)


def slices(ranges: Iterable[OffsetRange], most: int) -> Iterator[tuple[OffsetRange, ...]]:
    """The ranges in order, in parts of `most` offsets; the last part may have fewer."""
    part: list[OffsetRange] = []
    room = most
    for each in ranges:
        start = each.start
        while start < each.end:
            end = min(each.end, start + room)
            part.append(replace(each, start=start, end=end))
            room -= end - start
            start = end
            if not room:
                yield tuple(part)
                part, room = [], most
    if part:
        yield tuple(part)


def skipped(
    ranges: Iterable[OffsetRange], offsets: Mapping[int, Iterable[int]]
) -> tuple[OffsetRange, ...]:
    """The parts of one topic's ranges that gave no record; `offsets` of the records by partition.

    Kafka delivers no record for an aborted transaction, nor for the mark that ends one. Raises
    Miscounted when an offset gave two records, or a record lies outside of the ranges.
    """
    found = []
    left = {partition: sorted(own) for partition, own in offsets.items()}
    for each in ranges:
        expected = each.start
        for offset in left.pop(each.partition, ()):
            if not expected <= offset < each.end:
                raise Miscounted(
                    f"{each.topic} partition {each.partition}: a second record at offset {offset}, "
                    f"or one outside of [{each.start}, {each.end})"
                )
            if offset > expected:
                found.append(replace(each, start=expected, end=offset))
            expected = offset + 1
        if expected < each.end:
            found.append(replace(each, start=expected))
    if left:
        raise Miscounted(f"records of partitions that the batch does not have: {sorted(left)}")
    return tuple(found)


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

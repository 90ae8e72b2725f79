"""Eight bytes in memory per id, which tell what blocks of ids may hold it.

A mark is 42 bits of an id's hash, and 22 bits that say which block of its run has the id. Marks are
kept in sorted runs. A run that is added is merged with those before it that are not much longer, so
that few runs are searched; one as long as a run may be is left alone until its blocks are gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from emr_jobs.stores.click_ids.packed import ID_BYTES, Hashes, hashes_of, unpacked

# No run has more blocks than this, because each block has an id.
_MOST = 1 << 22
_WHICH = np.uint64(_MOST - 1)
_HASH = ~_WHICH


class BlockKey(NamedTuple):
    """Which block it is: the ids that one batch brought from one partition."""

    sequence: int
    topic_id: str
    partition: int


@dataclass(frozen=True)
class SortedMarks:
    """A run: sorted marks, and the blocks that they speak of in the order of their sequence."""

    marks: NDArray[np.uint64]
    blocks: tuple[BlockKey, ...]

    @property
    def span(self) -> tuple[int, int]:
        """The first and the last sequence of its blocks."""
        return self.blocks[0].sequence, self.blocks[-1].sequence


Runs: TypeAlias = tuple[SortedMarks, ...]


def run_of(blocks: Sequence[tuple[BlockKey, bytes]]) -> SortedMarks:
    """The marks of some blocks, which have at most 4 million ids or are few."""
    counts = [len(ids) // ID_BYTES for _, ids in blocks]
    which = np.repeat(np.arange(len(blocks), dtype=np.uint64), counts)
    marks = (hashes_of(unpacked(b"".join(ids for _, ids in blocks))) & _HASH) | which
    marks.sort()
    return SortedMarks(marks, tuple(key for key, _ in blocks))


def with_run(runs: Runs, new: SortedMarks) -> Runs:
    """The runs and a new one, merged where that keeps them few."""
    kept = list(runs)
    while kept and len(kept[-1].marks) < 2 * len(new.marks):
        if len(kept[-1].marks) + len(new.marks) > _MOST:
            break
        new = _merged(kept.pop(), new)
    return (*kept, new)


def suspects(runs: Runs, hashes: Hashes) -> Iterator[tuple[BlockKey, NDArray[np.intp]]]:
    """The blocks that may hold ids of these hashes, each with the places of those in `hashes`."""
    # Neighbours are searched for one after the other: the memory is near then.
    order = np.argsort(hashes)
    wanted = hashes[order] & _HASH
    for run in runs:
        first = np.searchsorted(run.marks, wanted)
        found = run.marks[np.minimum(first, len(run.marks) - 1)] & _HASH == wanted
        (hit,) = np.nonzero(found & (first < len(run.marks)))
        if not hit.size:
            continue
        last = np.searchsorted(run.marks, wanted[hit] | _WHICH, "right")
        counts = last - first[hit]
        steps = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        which = run.marks[np.repeat(first[hit], counts) + steps] & _WHICH
        places = np.repeat(order[hit], counts)
        by_block = np.argsort(which, kind="stable")
        numbers, starts = np.unique(which[by_block], return_index=True)
        for number, own in zip(numbers, np.split(places[by_block], starts[1:]), strict=True):
            yield run.blocks[int(number)], own


def _merged(older: SortedMarks, newer: SortedMarks) -> SortedMarks:
    shifted = newer.marks + np.uint64(len(older.blocks))
    marks = np.concatenate([older.marks, shifted])
    # A merge of what is sorted already.
    marks.sort(kind="stable")
    return SortedMarks(marks, older.blocks + newer.blocks)

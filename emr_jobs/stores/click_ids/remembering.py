"""Which clicks were counted before: looked up in memory, decided by the blocks in the store."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from emr_jobs.stores.click_ids.forgetting import REMEMBERED
from emr_jobs.stores.click_ids.marks import BlockKey, Runs, run_of, suspects, with_run
from emr_jobs.stores.click_ids.packed import ID_BYTES, Hashes, Ids, hashes_of, held_in, packed

Connection = TypeVar("Connection")
Connection_contra = TypeVar("Connection_contra", contravariant=True)
# What a batch tells of each click.
COLUMNS = ("event_id", "topic_id", "partition", "offset", "append_time")
# Ids are read so many at a time: memory holds them while their marks are made.
_READ_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class IdBlock:
    """The ids that one batch brought from one partition. All have offsets below `until`; `newest`
    is their last append time."""

    key: BlockKey
    until: int
    newest: datetime
    ids: bytes


class IdBlocks(Protocol[Connection_contra]):
    """The blocks of ids in a store. What is asked within a transaction sees what was committed
    before it, because one driver at a time is in a transaction of `clicks`."""

    def since(
        self, connection: Connection_contra, sequence: int | None
    ) -> Iterable[tuple[BlockKey, bytes]]:
        """The blocks after this sequence, or all of them, in the order of their sequence."""

    def read(
        self, connection: Connection_contra, keys: Collection[BlockKey]
    ) -> Iterable[tuple[BlockKey, bytes]]:
        """Those of these blocks that there are."""

    def insert(self, connection: Connection_contra, blocks: Iterable[IdBlock]) -> None:
        """Store new blocks."""

    def any_within(
        self, connection: Connection_contra, spans: Sequence[tuple[int, int]]
    ) -> list[bool]:
        """Whether there is a block of a sequence from the first to the last, for each span."""

    def forget(self, connection: Connection_contra, topic_id: str, before: datetime) -> int:
        """Drop the blocks whose newest id was appended earlier, and of which silver knows all.
        `topic_id` is the topic that is read. Returns how many blocks went."""


class ClickIds(Generic[Connection]):
    """The ids of the clicks that were counted lately.

    Memory never runs ahead of the store: a transaction first reads what was committed since the
    last one. So a commit whose outcome is not known, a batch that was rolled back, a driver that
    took over and a new process are no cases of their own. A block that was dropped leaves marks
    behind for a while; nothing is found where they point.
    """

    def __init__(self, blocks: IdBlocks[Connection]) -> None:
        self._blocks = blocks
        # Marks of all blocks up to a sequence; None before the first were read.
        self._read: tuple[int | None, Runs] = (None, ())
        self._dropped = False

    @property
    def marks(self) -> int:
        """How many ids memory has a mark of."""
        _, runs = self._read
        return sum(len(each.marks) for each in runs)

    def remember(self, connection: Connection, sequence: int, clicks: pa.Table) -> set[str]:
        """Store the ids of a batch, each of them given once, with COLUMNS; returns those that were
        counted before. `sequence` is the batch's."""
        runs = self._caught_up(connection, sequence - 1)
        if not clicks.num_rows:
            return set()
        ids = packed(clicks["event_id"])
        hashes = hashes_of(ids)
        known = self._known(connection, runs, ids, hashes)
        self._blocks.insert(connection, _blocks_of(sequence, clicks, ids, hashes, ~known))
        return set(clicks["event_id"].filter(pa.array(known)).to_pylist())

    def forget(self, connection: Connection, topic_id: str, applied_until: datetime) -> None:
        """Drop what silver knows by now; no record of the topic that is still to be applied was
        appended before `applied_until`."""
        if self._blocks.forget(connection, topic_id, applied_until - REMEMBERED):
            self._dropped = True

    def _caught_up(self, connection: Connection, until: int) -> Runs:
        last, runs = self._read
        for part in _parts(self._blocks.since(connection, last)):
            runs = with_run(runs, run_of(part))
        if self._dropped and runs:
            # What this driver dropped is committed or is still there: the store says which.
            there = self._blocks.any_within(connection, [each.span for each in runs])
            runs = tuple(run for run, any_left in zip(runs, there, strict=True) if any_left)
        self._dropped = False
        self._read = until, runs
        return runs

    def _known(
        self, connection: Connection, runs: Runs, ids: Ids, hashes: Hashes
    ) -> NDArray[np.bool_]:
        known = np.zeros(len(ids), bool)
        suspected: dict[BlockKey, NDArray[np.intp]] = dict(suspects(runs, hashes))
        if suspected:
            for key, block in self._blocks.read(connection, suspected.keys()):
                places = suspected[key]
                known[places] |= held_in(block, ids[places])
        return known


def _parts(
    blocks: Iterable[tuple[BlockKey, bytes]],
) -> Iterator[list[tuple[BlockKey, bytes]]]:
    part: list[tuple[BlockKey, bytes]] = []
    size = 0
    for each in blocks:
        part.append(each)
        size += len(each[1]) // ID_BYTES
        if size >= _READ_AT_ONCE:
            yield part
            part, size = [], 0
    if part:
        yield part


def _blocks_of(
    sequence: int, clicks: pa.Table, ids: Ids, hashes: Hashes, new: NDArray[np.bool_]
) -> Iterator[IdBlock]:
    """A block per partition. Its ids are stored in the order of their marks, which are made sooner
    so when they are read; nothing else depends on it."""
    order = np.argsort(hashes)
    order = order[new[order]]
    partitions = clicks["partition"].to_numpy()[order]
    offsets = clicks["offset"].to_numpy()[order]
    appended = pc.cast(clicks["append_time"], pa.int64()).to_numpy()[order]
    (topic_id,) = clicks["topic_id"].unique().to_pylist()
    for partition in np.unique(partitions).tolist():
        own = partitions == partition
        yield IdBlock(
            BlockKey(sequence, topic_id, partition),
            int(offsets[own].max()) + 1,
            pa.scalar(int(appended[own].max()), clicks["append_time"].type).as_py(),
            ids[order[own]].tobytes(),
        )

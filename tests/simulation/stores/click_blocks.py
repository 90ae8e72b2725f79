"""Blocks of click ids in memory, as `stores.click_ids.blocks` has them in Postgres."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime

from emr_jobs.stores.click_ids.marks import BlockKey
from emr_jobs.stores.click_ids.remembering import IdBlock
from tests.simulation.stores.database import Session


def silver_decided(session: Session, block: IdBlock) -> bool:
    """Whether ingest has passed all records of the block."""
    _, topic_id, partition = block.key
    return session.database.progress.get(("ingest", topic_id, partition), 0) >= block.until


class MemoryBlocks:
    """`decided` tells of which blocks silver knows all ids."""

    def __init__(self, decided: Callable[[Session, IdBlock], bool] = silver_decided) -> None:
        self._decided = decided

    def since(self, session: Session, sequence: int | None) -> Iterator[tuple[BlockKey, bytes]]:
        for key, ids in self.read(session, sorted(_rows(session))):
            if sequence is None or key.sequence > sequence:
                yield key, ids

    def read(
        self, session: Session, keys: Collection[BlockKey]
    ) -> Iterator[tuple[BlockKey, bytes]]:
        session.asked()
        rows = _rows(session)
        yield from [(key, rows[key].ids) for key in keys if key in rows]

    def insert(self, session: Session, blocks: Iterable[IdBlock]) -> None:
        session.asked()
        for each in blocks:
            session.write(_rows(session), each.key, each)

    def any_within(self, session: Session, spans: Sequence[tuple[int, int]]) -> list[bool]:
        session.asked()
        numbers = [key.sequence for key in _rows(session)]
        return [any(first <= each <= last for each in numbers) for first, last in spans]

    def forget(self, session: Session, topic_id: str, before: datetime) -> int:
        session.asked()
        progress = session.database.progress
        behind = any(
            until > progress.get(("clicks", topic_id, partition), 0)
            for (application, topic, partition), until in progress.items()
            if application == "ingest" and topic == topic_id
        )
        rows = _rows(session)
        gone = [
            key
            for key, block in rows.items()
            if not behind and block.newest < before and self._decided(session, block)
        ]
        for key in gone:
            session.delete(rows, key)
        return len(gone)


def _rows(session: Session) -> dict[BlockKey, IdBlock]:
    return session.database.table("click_id_blocks")

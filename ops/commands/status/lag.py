"""How far the applications are behind their topics."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from contracts.applications import APPLICATIONS
from contracts.errors import ShopstreamError
from contracts.topics import SOURCES
from ops.commands.status.stored_rows import stored_rows
from readers.kafka import PartitionOffsets, open_admin, partition_offsets

_PROGRESS = 'SELECT application, topic_id, "partition", until FROM progress'


@dataclass(frozen=True)
class Applied:
    """Offsets below `until` are applied."""

    application: str
    topic_id: str
    partition: int
    until: int


@dataclass(frozen=True)
class Lag:
    """Offsets that are not applied; of these, `held` wait for a transaction that is open."""

    offsets: int = 0
    held: int = 0

    def __str__(self) -> str:
        if not self.offsets:
            return ""
        held = f", {self.held:,} of them held back by an open transaction" if self.held else ""
        return f"lag {self.offsets:,} offsets{held}"


def read_lags(bootstrap_servers: str, postgres: str) -> dict[str, Lag]:
    """The lag of each application; none while Kafka or Postgres does not answer."""
    applied = stored_rows(postgres, _PROGRESS, Applied)
    if applied is None:
        return {}
    try:
        with open_admin(bootstrap_servers) as admin:
            return lags(partition_offsets(admin, [topic.name for topic in SOURCES]), applied)
    except ShopstreamError:
        return {}


def lags(partitions: Sequence[PartitionOffsets], applied: Iterable[Applied]) -> dict[str, Lag]:
    """The lag of each application by what Kafka holds."""
    until = {(each.application, each.topic_id, each.partition): each.until for each in applied}
    found = {}
    for application in APPLICATIONS:
        read = {topic.name for topic in application.reads}
        own = [
            (each, max(each.low, until.get((application.name, each.topic_id, each.partition), 0)))
            for each in partitions
            if each.topic in read
        ]
        found[application.name] = Lag(
            sum(max(0, each.high - at) for each, at in own),
            sum(max(0, each.high - max(each.stable, at)) for each, at in own),
        )
    return found

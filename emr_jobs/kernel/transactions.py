"""One batch becomes one transaction: ids, answers and progress, stored together or not at all."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

from emr_jobs.kernel.batches import Batch
from emr_jobs.kernel.progress import Commit, ProgressStore

Connection = TypeVar("Connection")


class BatchEvents(Protocol[Connection]):
    """The events of one batch, as their application answers from them. The methods are called in
    this order, each once; what they store, they store in the transaction they are given."""

    def look_elsewhere(self) -> None:
        """Find the events that were counted before and whose ids may be forgotten by now."""

    def remember(self, commit: Commit[Connection]) -> bool:
        """Store the ids of the batch's events, so that no copy is counted again; tells whether any
        of them is new."""

    def answer(self, commit: Commit[Connection]) -> None:
        """Merge what the new events say into the answers."""

    def close(self, commit: Commit[Connection]) -> None:
        """Count every outcome, new or not, and drop what need not be remembered any longer."""


def apply_once(
    batch: Batch[Any], events: BatchEvents[Connection], progress: ProgressStore[Connection]
) -> Commit[Connection]:
    """Store what the events of a batch say with the batch's progress."""
    events.look_elsewhere()
    with progress.commit(batch.id, batch.ranges, batch.started_at) as commit:
        if events.remember(commit):
            events.answer(commit)
        events.close(commit)
    return commit

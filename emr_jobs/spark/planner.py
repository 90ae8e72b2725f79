"""How wide the applications run: pure decisions from what machine and arguments say."""

from __future__ import annotations

# A small batch of many tasks is mostly the start of tasks (200 on 2 cores ran at 0.14x), and tasks
# of two applications that share the cores wait for each other. A record takes some 40 microseconds.
RECORDS_WORTH_A_TASK = 50_000


def read_tasks(records: int) -> int:
    """The most tasks that read a batch of `records` records: each reads at least one partition."""
    return max(1, records // RECORDS_WORTH_A_TASK)


def shuffle_tasks(records: int, cores: int) -> int:
    """The tasks of a later stage of the batch: at most as many as can run at once."""
    return max(1, min(cores, read_tasks(records)))


def turns_at_once(cores: int) -> int:
    """How many applications that nobody waits for may compute at the same time. On two cores an
    alert otherwise waits for all of them: half of the batches of orders took 2.0 s and not 1.0
    (docs/adr/0013-two-cores.md)."""
    return max(1, cores // 2)


def checkpoint_manager(checkpoint: str) -> str | None:
    """Spark's file manager for a checkpoint URL; None keeps Spark's default.

    On a local disk a rename is atomic, so the plain manager is safe, and it halves the fixed cost
    of a micro-batch (107 to 56 ms). Object stores keep their own.
    """
    if checkpoint.startswith("file:"):
        return (
            "org.apache.spark.sql.execution.streaming.checkpointing."
            "FileSystemBasedCheckpointFileManager"
        )
    return None

"""Faults that the simulator found in the kernel: each has a case that the kernel passes, and that
the kernel without the mend does not."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest

from emr_jobs.kernel.batches import Batch, StreamIdentity
from emr_jobs.kernel.errors import Conflict, Superseded
from emr_jobs.kernel.lake import LakeTables
from emr_jobs.kernel.lease import take
from emr_jobs.kernel.ranges import OffsetRange
from tests.simulation.applications.ingest import SortedList, SortedLists
from tests.simulation.applications.questions import EPOCH
from tests.simulation.driver import Kernel, Unmeasured, in_turn
from tests.simulation.exploring import tried
from tests.simulation.mutants import MENDED
from tests.simulation.records import Event, Record
from tests.simulation.schedule import Interruption, Step
from tests.simulation.stores.calls import Calls
from tests.simulation.stores.database import Database, Session
from tests.simulation.stores.engine import Checkpoint
from tests.simulation.stores.lake import MemoryTable, TableClient

METRICS = Unmeasured("ingest", lambda line: None, lambda: EPOCH)
TOPIC = "clicks"


def calls() -> Calls:
    return Calls(Counter(), lambda what: None)


def record(offset: int, partition: int = 0) -> Record:
    return Record(TOPIC, "id", partition, offset, 0, Event(f"e{offset}", 0, 0, 0, True, 1))


def span(partition: int, start: int, end: int) -> OffsetRange:
    return OffsetRange(TOPIC, "id", partition, start, end)


class Progress:
    """One database's progress of `ingest`, as the drivers of a kernel see it."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._database = Database()

    def driver(self) -> Any:
        session = Session(self._database, calls(), lambda: 0)
        lease = take(session, "ingest", "driver", take_over=True)
        made = self._kernel.progress(session, lease, lambda point: None, METRICS)
        made.begin({TOPIC: "id"}, {TOPIC: {0: 0, 1: 0}}, accept_new_topic=False)
        return made


class Applied:
    """An application that keeps what it is given."""

    def __init__(self, progress: Any) -> None:
        self._progress = progress
        self.records: list[Record] = []

    def apply(self, batch: Batch[list[Record]]) -> None:
        with self._progress.commit(batch.id, batch.ranges, batch.started_at):
            self.records += batch.records

    def rehearse(self, batch: Batch[list[Record]]) -> None: ...

    def repeat(self) -> None: ...


class OneTopic:
    """The kernel's `BatchSource`."""

    def topic_ids(self, topics: Any) -> dict[str, str]:
        return {TOPIC: "id"}

    def records(self, raw: list[Record], ranges: object) -> list[Record]:
        return raw

    def within(self, rows: list[Record], ranges: list[OffsetRange]) -> list[Record]:
        return [
            row
            for row in rows
            if any(r.partition == row.partition and r.start <= row.offset < r.end for r in ranges)
        ]


def runner_of(kernel: Kernel, files: Checkpoint, applied: Applied, progress: Any) -> Any:
    return kernel.runner(
        applied,
        files=files,
        progress=progress,
        source=OneTopic(),
        identity=StreamIdentity("cluster", {TOPIC: "id"}),
        max_offsets=100,
        visit=lambda point: None,
        metrics=METRICS,
        clock=lambda: EPOCH,
    )


def log(*ends: int) -> str:
    return json.dumps({TOPIC: dict(enumerate(ends))})


def a_batch_with_one_partition_applied_whole(kernel: Kernel) -> bool:
    """The application is given the records of the other alone."""
    files = Checkpoint({"sources/0/0": log(0, 0), "offsets/0": log(2, 0)})
    progress = Progress(kernel).driver()
    applied = Applied(progress)
    runner_of(kernel, files, applied, progress)([record(0), record(1)], 0)
    # The same driver, started again, finds a checkpoint whose first batch has both partitions.
    files["offsets/0"] = log(2, 1)
    again = runner_of(kernel, files, applied, progress)
    again([record(0), record(1), record(0, partition=1)], 0)
    return [each.position for each in applied.records] == [("id", 0, 0), ("id", 0, 1), ("id", 1, 0)]


def a_checkpoint_made_anew_under_its_query(kernel: Kernel) -> bool:
    """The query's next batch is refused: its records are not those of the checkpoint's ranges."""
    files = Checkpoint({"sources/0/0": log(0, 0), "offsets/0": log(2, 0)})
    progress = Progress(kernel).driver()
    runner = runner_of(kernel, files, Applied(progress), progress)
    runner([record(0), record(1)], 0)
    files.update({"offsets/0": log(1, 0), "offsets/1": log(3, 0)})
    try:
        runner([record(2)], 1)
    except Conflict:
        return True
    return False


def lake(kernel: Kernel, progress: Any) -> tuple[Any, dict[str, TableClient]]:
    names = ("bronze", "duplicates", "quarantine", "silver")
    tables = {name: kernel.table(MemoryTable(name), calls()) for name in names}
    parts: LakeTables[list[Record]] = LakeTables(
        tables["bronze"], {TOPIC: tables["silver"]}, tables["duplicates"], tables["quarantine"]
    )
    return kernel.lake(parts, progress, lambda point: None, nullcontext, in_turn), tables


def batch(*ranges: OffsetRange, records: list[Record]) -> Batch[list[Record]]:
    return Batch(0, records, ranges, EPOCH)


def another_commits_to_silver_while_a_batch_is_sorted(kernel: Kernel) -> bool:
    """What was told before that commit is refused."""
    ingest, tables = lake(kernel, Progress(kernel).driver())
    silver = tables["silver"]

    def sort(topics: object, rejected: object) -> SortedLists:
        twin = Record(TOPIC, "id", 1, 0, 0, record(0).event)
        silver.commit([twin], silver.state(), {("id", 1): 1})
        return _accepted(topics, rejected)

    try:
        ingest.apply(batch(span(0, 0, 1), records=[record(0)]), sort)
    except Conflict:
        return len(silver.copies("e0")) == 1
    return False


def a_superseded_driver_of_ingest(kernel: Kernel) -> bool:
    """It writes nothing, not even to bronze."""
    progress = Progress(kernel)
    old = progress.driver()
    progress.driver()
    ingest, tables = lake(kernel, old)
    try:
        ingest.apply(batch(span(0, 0, 1), records=[record(0)]), _accepted)
    except Superseded:
        return tables["bronze"].state().commit_number == 0
    return False


def _accepted(topics: object, rejected: object) -> SortedLists:
    return SortedLists({TOPIC: SortedList([record(0)], None, None)})


def code_that_knows_more_completes_a_batch(kernel: Kernel) -> bool:
    """What was quarantined by the code that died stays there."""
    return not tried(
        (
            Step("produce", 1, 430433),
            Step("batch", 0, 827714, Interruption("freezes", 14, 5)),
            Step("take over", 0, 291100),
            Step("deploy", 0, 356092),
        ),
        kernel,
    )[1]


def a_driver_dies_with_alerts_unsent_and_its_checkpoint_is_deleted(kernel: Kernel) -> bool:
    """The next driver sends them before its first batch, which may never come."""
    return not tried(
        (
            Step("produce", 1, 3),
            Step("batch", 1, 4, Interruption("dies", "progress-committed")),
            Step("checkpoint deleted", 1, 0),
        ),
        kernel,
    )[1]


CASES: dict[str, Callable[[Kernel], bool]] = {
    "whole partitions missed": a_batch_with_one_partition_applied_whole,
    "start not compared": a_checkpoint_made_anew_under_its_query,
    "state read late": another_commits_to_silver_while_a_batch_is_sorted,
    "driver not asked": a_superseded_driver_of_ingest,
    "rejections forgotten": code_that_knows_more_completes_a_batch,
    "nothing resumed": a_driver_dies_with_alerts_unsent_and_its_checkpoint_is_deleted,
}


@pytest.mark.parametrize("name", CASES)
def test_a_mended_fault_stays_mended(name: str) -> None:
    assert CASES[name](Kernel())


@pytest.mark.parametrize("name", CASES)
def test_a_case_fails_without_the_mend(name: str) -> None:
    assert not CASES[name](MENDED[name])

"""How wide the applications run."""

from __future__ import annotations

import pytest

from emr_jobs.spark.planner import (
    checkpoint_manager,
    read_tasks,
    shuffle_tasks,
    turns_at_once,
)


@pytest.mark.parametrize(
    ("records", "read", "shuffled"),
    [
        pytest.param(0, 1, 1, id="nothing"),
        pytest.param(99_999, 1, 1, id="not enough for a second task"),
        pytest.param(100_000, 2, 2, id="enough for two"),
        pytest.param(500_000, 10, 4, id="later stages have one a core"),
    ],
)
def test_tasks_of_a_batch_on_four_cores(records: int, read: int, shuffled: int) -> None:
    assert read_tasks(records) == read
    assert shuffle_tasks(records, 4) == shuffled


@pytest.mark.parametrize(
    ("checkpoint", "own"),
    [
        pytest.param("file:///state/checkpoints", True, id="a local disk"),
        pytest.param("s3a://lake/checkpoints", False, id="an object store keeps Spark's"),
    ],
)
def test_the_plain_checkpoint_manager_is_for_local_disks(checkpoint: str, own: bool) -> None:
    assert (checkpoint_manager(checkpoint) is not None) == own


@pytest.mark.parametrize(("cores", "at_once"), [(1, 1), (2, 1), (3, 1), (4, 2), (64, 32)])
def test_half_of_the_cores_are_for_those_that_are_waited_for(cores: int, at_once: int) -> None:
    assert turns_at_once(cores) == at_once

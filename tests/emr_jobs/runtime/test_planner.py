"""How wide the applications run."""

from __future__ import annotations

import pytest

from emr_jobs.runtime.planner import batch_tasks, checkpoint_manager, stage_tasks


@pytest.mark.parametrize(
    ("cores", "asked", "expected"),
    [
        pytest.param(2, None, 2, id="one a core"),
        pytest.param(2, 8, 8, id="four a core is the most"),
        pytest.param(16, 4, 4, id="fewer than cores is allowed"),
    ],
)
def test_tasks_of_a_stage(cores: int, asked: int | None, expected: int) -> None:
    assert stage_tasks(cores, asked) == expected


@pytest.mark.parametrize(
    ("cores", "asked"),
    [
        pytest.param(2, 9, id="more than four a core"),
        pytest.param(2, 200, id="Spark's default"),
        pytest.param(2, 0, id="none"),
        pytest.param(0, None, id="no core"),
    ],
)
def test_refused(cores: int, asked: int | None) -> None:
    with pytest.raises(ValueError, match=r"got \d"):
        stage_tasks(cores, asked)


@pytest.mark.parametrize(
    ("records", "most", "expected"),
    [
        pytest.param(1, 2, 1, id="one record"),
        pytest.param(1_999, 2, 1, id="not enough for a second task"),
        pytest.param(2_000, 2, 2, id="enough for two"),
        pytest.param(200_000, 2, 2, id="never more than the most"),
        pytest.param(200_000, 1, 1, id="one alone"),
    ],
)
def test_tasks_of_a_batch(records: int, most: int, expected: int) -> None:
    assert batch_tasks(records, most) == expected


@pytest.mark.parametrize(
    ("checkpoint", "own"),
    [
        pytest.param("file:///state/checkpoints", True, id="a local disk"),
        pytest.param("s3a://lake/checkpoints", False, id="an object store keeps Spark's"),
    ],
)
def test_the_plain_checkpoint_manager_is_for_local_disks(checkpoint: str, own: bool) -> None:
    assert (checkpoint_manager(checkpoint) is not None) == own

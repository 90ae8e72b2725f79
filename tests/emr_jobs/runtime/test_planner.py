"""How wide a session runs."""

from __future__ import annotations

import pytest

from emr_jobs.runtime.planner import checkpoint_manager, shuffle_partitions


@pytest.mark.parametrize(
    ("cores", "asked", "expected"),
    [
        pytest.param(2, None, 2, id="one a core"),
        pytest.param(2, 8, 8, id="four a core is the most"),
        pytest.param(16, 4, 4, id="fewer than cores is allowed"),
    ],
)
def test_partitions(cores: int, asked: int | None, expected: int) -> None:
    assert shuffle_partitions(cores, asked) == expected


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
        shuffle_partitions(cores, asked)


@pytest.mark.parametrize(
    ("checkpoint", "own"),
    [
        pytest.param("file:///state/checkpoints", True, id="a local disk"),
        pytest.param("s3a://lake/checkpoints", False, id="an object store keeps Spark's"),
    ],
)
def test_the_plain_checkpoint_manager_is_for_local_disks(checkpoint: str, own: bool) -> None:
    assert (checkpoint_manager(checkpoint) is not None) == own

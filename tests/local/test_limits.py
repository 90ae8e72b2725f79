"""What the system lets a stack have, and what is said where that is too little."""

from __future__ import annotations

import resource
from pathlib import Path

import psutil
import pytest

from contracts.errors import EnvironmentProblem
from contracts.laptop.free_space import MB
from local.limits import LEAST_MEMORY_MB, LEAST_OPEN_FILES, memory_mb, require_memory
from local.limits import require_open_files as required

TOTAL_MB = psutil.virtual_memory().total // MB


@pytest.mark.parametrize(
    ("limit", "found"),
    [
        pytest.param(None, TOTAL_MB, id="no control group"),
        pytest.param("max\n", TOTAL_MB, id="a group without a limit"),
        pytest.param(f"{2_000 * MB}\n", 2_000, id="a container of 2 GB"),
        pytest.param(f"{2**63 - 4096}\n", TOTAL_MB, id="version 1 without a limit"),
    ],
)
def test_memory_is_the_machines_or_the_containers(
    tmp_path: Path, limit: str | None, found: int
) -> None:
    group = tmp_path / "memory.max"
    if limit is not None:
        group.write_text(limit)
    assert memory_mb([tmp_path / "none", group]) == found


def test_too_little_memory_is_refused_with_what_is_needed() -> None:
    require_memory(LEAST_MEMORY_MB)
    with pytest.raises(
        EnvironmentProblem, match=f"is 2000 MB, and a stack needs {LEAST_MEMORY_MB} MB"
    ):
        require_memory(2_000)


@pytest.mark.parametrize(
    ("soft", "hard", "raised"),
    [
        pytest.param(256, 4_096, (LEAST_OPEN_FILES, 4_096), id="up to what is needed"),
        pytest.param(256, LEAST_OPEN_FILES, (LEAST_OPEN_FILES, LEAST_OPEN_FILES), id="to the end"),
        pytest.param(LEAST_OPEN_FILES, 4_096, None, id="enough"),
        pytest.param(resource.RLIM_INFINITY, resource.RLIM_INFINITY, None, id="no limit"),
    ],
)
def test_the_limit_of_open_files_is_raised(
    soft: int, hard: int, raised: tuple[int, int] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda _which, limits: given.append(limits))
    required()
    assert given == ([raised] if raised else [])


def test_a_limit_that_cannot_be_raised_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (256, 256))
    with pytest.raises(EnvironmentProblem, match="at most 256 files") as refused:
        required()
    assert refused.value.command == f"ulimit -n {LEAST_OPEN_FILES}"

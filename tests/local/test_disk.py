"""A disk that is too small is named, with its size, before anything starts."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from contracts.errors import EnvironmentProblem
from contracts.laptop.free_space import MB
from local.disk import (
    STATE_MB,
    disk_of,
    nearest_existing,
    require_space,
    require_space_for_jars,
)
from local.home import Home


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 8 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root may mount")
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", folder], check=False)
    if done.returncode:
        pytest.skip("this machine does not let root mount")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize(
    "check", [lambda folder: require_space(Home(folder)), require_space_for_jars]
)
def test_the_message_names_disk_size_and_what_to_set(
    check: Callable[[Path], None], small_disk: Path
) -> None:
    with pytest.raises(EnvironmentProblem, match=rf"disk {small_disk} \(8 MB\) has") as caught:
        check(small_disk / "not" / "made" / "yet")
    assert "SHOPSTREAM_" in caught.value.command


@pytest.mark.parametrize(
    ("free_mb", "has_data", "fits"),
    [
        pytest.param(STATE_MB, False, True, id="a new stack has its first room"),
        pytest.param(STATE_MB - 1, False, False, id="a new stack lacks some"),
        pytest.param(400, True, True, id="a stack with data needs what stays free"),
        pytest.param(399, True, False, id="below it nothing would be sent"),
    ],
)
def test_a_start_needs_room(
    free_mb: int, has_data: bool, fits: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path)
    if has_data:
        home.postgres.mkdir()
    disk = SimpleNamespace(total=4_000 * MB, free=free_mb * MB)
    monkeypatch.setattr(psutil, "disk_usage", lambda _folder: disk)
    with nullcontext() if fits else pytest.raises(EnvironmentProblem, match=" needs "):
        require_space(home)


def test_a_disk_is_found_by_its_longest_mount_point(small_disk: Path) -> None:
    assert disk_of(small_disk / "x") == str(small_disk)


def test_a_folder_that_is_not_there_yet_is_judged_by_its_parent(tmp_path: Path) -> None:
    assert nearest_existing(tmp_path / "a" / "b") == tmp_path

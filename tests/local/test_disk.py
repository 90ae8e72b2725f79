"""A disk that is too small is named, with its size, before anything starts."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from contracts.errors import EnvironmentProblem
from local.disk import disk_of, nearest_existing, require_space, require_space_for_jars


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


@pytest.mark.parametrize("check", [require_space, require_space_for_jars])
def test_the_message_names_disk_size_and_what_to_set(
    check: Callable[[Path], None], small_disk: Path
) -> None:
    with pytest.raises(EnvironmentProblem, match=rf"disk {small_disk} \(8 MB\) has") as caught:
        check(small_disk / "not" / "made" / "yet")
    assert "SHOPSTREAM_" in caught.value.command


def test_a_disk_is_found_by_its_longest_mount_point(small_disk: Path) -> None:
    assert disk_of(small_disk / "x") == str(small_disk)


def test_a_folder_that_is_not_there_yet_is_judged_by_its_parent(tmp_path: Path) -> None:
    assert nearest_existing(tmp_path / "a" / "b") == tmp_path

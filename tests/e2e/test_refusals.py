"""A machine on which nothing should be started: one clear message, and nothing was started."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from local.postgres import others_may_enter
from tests.shop import ROOT, Shop

pytestmark = pytest.mark.e2e

DISK_MB = 64
NAMELESS = 54_321
# $0 is the folder to mount on, the rest a command.
ON_A_SMALL_DISK = f'{shutil.which("mount")} -t tmpfs -o size={DISK_MB}m none "$0" && exec "$@"'


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_PROFILE"])
def test_real_aws_credentials_in_the_environment_are_refused(tmp_path: Path, name: str) -> None:
    shop = Shop(tmp_path, environment={name: "AKIAIOSFODNN7REAL"})
    said = shop.refused("up", code=4)
    assert f"error: real AWS credentials are in the environment: {name}" in said
    assert f"next: unset {name}" in said
    assert "AKIAIOSFODNN7REAL" not in said
    assert not shop.home.exists()


def test_a_disk_that_is_too_small_is_named_with_its_size(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.home.mkdir()
    said = shop.refused("up", code=4, before=(*a_small_disk_at(shop.home),))
    assert f"error: the disk {shop.home} ({DISK_MB} MB) has " in said
    assert "set SHOPSTREAM_HOME to a folder on a larger disk" in said
    assert shop.left() == []


def test_a_user_without_a_name_is_told_what_to_do(tmp_path: Path) -> None:
    """As in a container that was started with a number for which its image has no user."""
    if not all(others_may_enter(Path(folder)) for folder in (sys.base_prefix, sys.prefix, ROOT)):
        pytest.skip("another user may not even enter the folders of this Python or this checkout")
    shop = Shop(tmp_path)
    said = shop.refused("up", code=4, before=as_user(NAMELESS))
    assert f"error: the user {NAMELESS} has no name on this system" in said
    assert "next: run as a user that `id -un` can name" in said
    done = shop.run("doctor", before=as_user(NAMELESS))
    assert done.returncode == 4
    assert f"the user {NAMELESS} has no name" in done.stdout
    assert not shop.home.exists()


def test_the_first_process_of_a_container_starts_nothing(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    alone = (shutil.which("unshare") or "", "--pid", "--fork")
    if (
        os.geteuid() != 0
        or not alone[0]
        or subprocess.run([*alone, "true"], check=False).returncode
    ):
        pytest.skip("this machine does not let a test number processes anew")
    said = shop.refused("up", code=4, before=alone)
    assert "error: this command is the first process of its container" in said
    assert not shop.home.exists()


def as_user(uid: int) -> tuple[str, ...]:
    """What goes before a command so that this user runs it."""
    setpriv = shutil.which("setpriv")
    if os.geteuid() != 0 or setpriv is None:
        pytest.skip("this machine does not let a test become another user")
    return (setpriv, f"--reuid={uid}", f"--regid={uid}", "--clear-groups")


def a_small_disk_at(folder: Path) -> tuple[str, ...]:
    """What goes before a command so that it alone sees a small disk there."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("this machine has no name spaces")
    as_root = () if os.geteuid() == 0 else ("--map-root-user",)
    line = (unshare, *as_root, "--mount", "/bin/sh", "-c", ON_A_SMALL_DISK, str(folder))
    if subprocess.run([*line, "/bin/true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine does not let a process mount")
    return line

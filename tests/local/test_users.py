"""A user or a process with which no stack can be started is refused before anything is written."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from contracts.errors import EnvironmentProblem
from local import users
from local.home import Home
from local.launch import UpRequest, prepare
from local.users import (
    require_lasting_process,
    require_makeable_cache,
    require_makeable_state,
    require_named_user,
)

NAMELESS = 54_321


def test_a_user_without_a_name_is_refused_with_a_way_to_name_it() -> None:
    require_named_user(os.geteuid())
    with pytest.raises(EnvironmentProblem, match=f"the user {NAMELESS} has no name") as refused:
        require_named_user(NAMELESS)
    assert f"useradd --no-create-home --uid {NAMELESS}" in refused.value.command


def test_the_first_process_of_a_container_is_refused() -> None:
    require_lasting_process(os.getpid())
    with pytest.raises(EnvironmentProblem, match="first process of its container") as refused:
        require_lasting_process(1)
    assert "sleep infinity" in refused.value.command


@pytest.mark.parametrize("variable", ["SHOPSTREAM_HOME", "SHOPSTREAM_CACHE"])
@pytest.mark.parametrize(
    ("folder", "why"),
    [
        pytest.param("new/below/it", None, id="a new folder in a folder of this user"),
        pytest.param("own", None, id="a folder of this user"),
        pytest.param("file/below", "is not a folder", id="below a file"),
        pytest.param("closed/below", "is not writable", id="below a folder that may not be used"),
        pytest.param("/proc/below", "is not writable", id="a place where nobody can write"),
    ],
)
def test_where_a_user_may_write(
    variable: str,
    folder: str,
    why: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    check = require_makeable_state if variable == "SHOPSTREAM_HOME" else require_makeable_cache
    (tmp_path / "own").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "closed").mkdir(mode=0o500)
    if why == "is not writable":
        # Root may write anywhere.
        monkeypatch.setattr(os, "access", lambda path, mode: mode == os.F_OK and path.exists())
    if why is None:
        check(tmp_path / folder)
        return
    with pytest.raises(EnvironmentProblem, match=why) as refused:
        check(tmp_path / folder)
    assert variable in refused.value.command


@pytest.mark.parametrize("check", ["require_lasting_process", "require_named_user"])
def test_a_start_is_refused_before_anything_is_written(
    check: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ways: dict[str, Callable[[int], None]] = {
        "require_lasting_process": lambda _pid: users.require_lasting_process(1),
        "require_named_user": lambda _uid: users.require_named_user(NAMELESS),
    }
    monkeypatch.setattr(f"local.launch.{check}", ways[check])
    home = Home(tmp_path / "home")
    with pytest.raises(EnvironmentProblem):
        prepare(home, UpRequest(tmp_path / "cache"), lambda _text: None)
    assert list(tmp_path.iterdir()) == []

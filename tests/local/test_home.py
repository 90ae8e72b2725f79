"""The state folder: made privately, and never in a folder that holds something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.errors import EnvironmentProblem
from local.home import Home
from local.ports import claim
from local.profile import new_profile, write_profile


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.make()
    return home


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(EnvironmentProblem, match="cannot be made") as caught:
        Home(tmp_path / "file" / "home").make()
    assert "SHOPSTREAM_HOME" in caught.value.command


def test_a_folder_of_somebody_s_files_is_no_state_folder(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    Home(tmp_path).require_fit()
    (tmp_path / "logs" / "mine.txt").write_text("precious")
    with pytest.raises(EnvironmentProblem, match="not empty: logs"):
        Home(tmp_path).require_fit()


def test_a_stack_within_is_no_hindrance(home: Home) -> None:
    demo = Home(home.root / "demo")
    demo.make()
    write_profile(demo, new_profile(1, claim))
    home.require_fit()


def test_a_profile_that_is_gone_is_named(home: Home) -> None:
    home.postgres.mkdir()
    with pytest.raises(EnvironmentProblem, match="is gone") as caught:
        home.require_fit()
    assert str(home.profile) in str(caught.value)
    write_profile(home, new_profile(1, claim))
    home.require_fit()

"""The `shopstream` command that set-up puts beside Python: it starts wherever the clone is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shop import ROOT


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone with a space in its name, which has been moved since it was set up: its Python knows
    no package of ours."""
    clone = tmp_path / "my clone"
    (clone / ".venv" / "bin").mkdir(parents=True)
    shutil.copy(ROOT / "ops" / "launcher.sh", clone / ".venv" / "bin" / "shopstream")
    (clone / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (clone / "ops").mkdir()
    (clone / "ops" / "entry.py").write_text(
        "import sys\ndef main():\n    print('started', sys.argv[1:], sys.flags.optimize)\n"
    )
    return clone


def started(*line: str, **environment: str) -> str:
    done = subprocess.run(
        line, env={"PATH": os.defpath, **environment}, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or done.stderr


@pytest.mark.parametrize(
    "environment",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"PYTHONHOME": "/nowhere"}, id="another Python"),
        pytest.param({"PYTHONOPTIMIZE": "2"}, id="no assertions"),
        pytest.param({"CDPATH": ".:/"}, id="other folders to go to"),
    ],
)
def test_it_starts_whatever_is_set(clone: Path, environment: dict[str, str]) -> None:
    command = str(clone / ".venv" / "bin" / "shopstream")
    assert started(command, "sql", "a b", **environment) == "started ['sql', 'a b'] 0"


def test_it_starts_by_a_link(clone: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "first").symlink_to(clone / ".venv" / "bin" / "shopstream")
    (tmp_path / "bin" / "second").symlink_to("first")
    assert started(str(tmp_path / "bin" / "second")) == "started [] 0"


def test_it_starts_by_the_path(clone: Path) -> None:
    path = os.pathsep.join([str(clone / ".venv" / "bin"), os.defpath])
    assert started("/usr/bin/env", "shopstream", PATH=path) == "started [] 0"

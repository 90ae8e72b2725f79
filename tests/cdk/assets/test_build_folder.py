"""What is shipped is all there, or synthesis says what is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cdk.assets.build_folder import Assets, MissingAssets
from local.artefacts.code_zip import source_root
from tests.stacks.shipped import JARS, write_assets


def test_a_built_folder_is_read_whole(tmp_path: Path) -> None:
    folder = write_assets(tmp_path / "assets")
    found = Assets.at(folder)
    assert (found.code.name, found.entry.name) == ("code.zip", "main.py")
    assert [jar.name for jar in found.jars] == JARS
    assert set(found.dependencies) == {"arm64", "x86_64"}
    assert "x86_64" in found.dependencies["x86_64"].name


@pytest.mark.parametrize(
    "missing",
    ["code.zip", "main.py", "functions.zip", "dependencies-arm64-0a.zip", f"jars/{JARS[0]}"],
)
def test_what_is_missing_is_named_with_what_to_do(tmp_path: Path, missing: str) -> None:
    folder = write_assets(tmp_path / "assets")
    if missing.startswith("jars/"):
        for jar in JARS:
            (folder / "jars" / jar).unlink()
    else:
        (folder / missing).unlink()
    with pytest.raises(MissingAssets, match="run `make assets`"):
        Assets.at(folder)


def test_two_archives_for_one_processor_are_refused(tmp_path: Path) -> None:
    folder = write_assets(tmp_path / "assets")
    (folder / "dependencies-arm64-0b.zip").write_bytes(b"of an older lock")
    with pytest.raises(MissingAssets, match="dependencies-arm64"):
        Assets.at(folder)


def test_synthesis_without_assets_ends_with_one_message(tmp_path: Path) -> None:
    ended = synthesis(tmp_path, str(source_root() / "app.py"))
    assert ended.returncode == 1
    assert ended.stderr == "error: jars is not in build/assets: run `make assets`\n"


def synthesis(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    node = str(Path(sys.executable).parent / "node")
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(source_root()), "JSII_NODE": node},
        capture_output=True,
        text=True,
        check=False,
    )


CHANGED = """
import runpy, sys
from dataclasses import replace
from cdk.settings import ENVIRONMENTS, settings
dev = settings("dev")
ENVIRONMENTS["dev"] = lambda: replace(dev, {change})
runpy.run_path({app!r}, run_name="__main__")
"""


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param("monthly_budget=0", "monthly_budget: above 0 USD", id="when it is made"),
        pytest.param("log_days=8", "log_days 8: one of 7, 14, 30", id="by a construct"),
    ],
)
def test_a_setting_that_is_refused_ends_with_one_message(
    change: str, says: str, tmp_path: Path
) -> None:
    write_assets(tmp_path / "build" / "assets")
    code = CHANGED.format(change=change, app=str(source_root() / "app.py"))
    ended = synthesis(tmp_path, "-c", code)
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"error: {says}")
    assert len(ended.stderr.splitlines()) == 1

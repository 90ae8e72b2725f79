"""What is shipped is all there, or synthesis says what is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cdk.assets import Assets, MissingAssets
from local.code_zip import source_root
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
    root = source_root()
    node = str(Path(sys.executable).parent / "node")
    ended = subprocess.run(
        [sys.executable, root / "app.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(root), "JSII_NODE": node},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr == "error: jars is not in build/assets: run `make assets`\n"

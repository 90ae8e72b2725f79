"""code.zip holds the source alone, and the same source gives the same bytes anywhere."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from contracts.errors import EnvironmentProblem
from local.artefacts.code_zip import PACKAGES, build, source_root


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for package in PACKAGES:
        folder = tmp_path / "tree" / package
        (folder / "__pycache__").mkdir(parents=True)
        (folder / "__init__.py").write_text(f'"""{package}"""\n')
        (folder / "__pycache__" / "x.cpython-311.py").write_text("compiled")
        (folder / "notes.txt").write_text("not shipped")
        (folder / "schema.avsc").write_text("{}")
    return tmp_path / "tree"


def folder_in(tmp_path: Path, name: str) -> Path:
    folder = tmp_path / name
    folder.mkdir()
    return folder


def test_only_source_and_its_data_are_in_it_in_order(tree: Path, tmp_path: Path) -> None:
    built = build(folder_in(tmp_path, "a"), tree)
    assert zipfile.ZipFile(built.path).namelist() == [
        f"{package}/{file}" for package in PACKAGES for file in ("__init__.py", "schema.avsc")
    ]


def test_times_and_rights_of_the_files_do_not_change_it(tree: Path, tmp_path: Path) -> None:
    first = build(folder_in(tmp_path, "a"), tree)
    for file in tree.rglob("*.py"):
        os.utime(file, (1, 1))
        file.chmod(0o700)
    second = build(folder_in(tmp_path, "b"), tree)
    assert first.sha256 == second.sha256
    assert first.path.read_bytes() == second.path.read_bytes()


def test_a_changed_line_changes_the_sum(tree: Path, tmp_path: Path) -> None:
    folder = folder_in(tmp_path, "a")
    first = build(folder, tree)
    (tree / PACKAGES[0] / "__init__.py").write_text("changed = True\n")
    assert build(folder, tree).sha256 != first.sha256


def test_an_unchanged_zip_is_left_alone(tree: Path, tmp_path: Path) -> None:
    folder = folder_in(tmp_path, "a")
    before = build(folder, tree).path.stat().st_ino
    assert build(folder, tree).path.stat().st_ino == before


def test_a_missing_package_is_named(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentProblem, match="contracts"):
        build(folder_in(tmp_path, "a"), tmp_path)


def test_the_contracts_import_from_the_zip_with_their_data(tmp_path: Path) -> None:
    built = build(folder_in(tmp_path, "a"))
    program = (
        "import contracts, contracts.topics, contracts.codec, contracts.rule_packs;"
        "print(contracts.__file__)"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program],
        env={"PYTHONPATH": str(built.path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith(str(built.path))
    assert not done.stdout.startswith(str(source_root()))

"""The same files make the same zip, at any time and in any order."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

from local.artefacts.archive import files_under, sha256, write_zip


def tree(folder: Path, *names: str) -> Path:
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    return folder


def test_neither_time_nor_order_nor_mode_is_in_the_bytes(tmp_path: Path) -> None:
    first = tree(tmp_path / "1", "a.py", "b/c.py")
    second = tree(tmp_path / "2", "b/c.py", "a.py")
    os.utime(second / "a.py", (1, 1))
    (second / "a.py").chmod(0o700)
    sums = {write_zip(tmp_path / f"{tree.name}.zip", files_under(tree)) for tree in (first, second)}
    assert sums == {sha256(tmp_path / "1.zip")}


def test_what_was_put_in_comes_out(tmp_path: Path) -> None:
    write_zip(tmp_path / "x.zip", files_under(tree(tmp_path / "x", "a.py", "b/c.py")))
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {
            "a.py": b"a.py",
            "b/c.py": b"b/c.py",
        }


def test_an_unchanged_file_is_left_alone_and_a_changed_one_replaced(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    files = tree(tmp_path / "x", "a.py")
    before = write_zip(path, files_under(files))
    inode = path.stat().st_ino
    assert write_zip(path, files_under(files)) == before
    assert path.stat().st_ino == inode
    (files / "a.py").write_text("other")
    assert write_zip(path, files_under(files)) != before
    assert path.stat().st_ino != inode
    assert {entry.name for entry in tmp_path.iterdir()} == {"x", "x.zip"}

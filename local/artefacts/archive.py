"""Zip files with the same bytes from the same files, on any machine at any time."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable
from pathlib import Path

# The earliest time that a zip can hold: the time of the build would change the sum.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_MODE = 0o100644 << 16


def write_zip(path: Path, files: Iterable[tuple[str, Path]]) -> str:
    """Write the files under their names, in the order of the names; return the zip's SHA-256.

    A file at `path` that holds the same bytes already is left alone.
    """
    beside = path.with_name(f".{path.name}.new")
    with zipfile.ZipFile(beside, "w") as archive:
        for name, file in sorted(files):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = _MODE
            entry.create_system = 3
            # Stored, not deflated: the bytes must not depend on the zlib of the machine.
            entry.compress_type = zipfile.ZIP_STORED
            archive.writestr(entry, file.read_bytes())
    digest = sha256(beside)
    if path.exists() and sha256(path) == digest:
        beside.unlink()
    else:
        # Replaced, never written in place: a running interpreter keeps the file that it opened.
        beside.replace(path)
    return digest


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_under(folder: Path) -> Iterable[tuple[str, Path]]:
    """Every file of a folder, with its path inside the folder."""
    for file in folder.rglob("*"):
        if file.is_file():
            yield file.relative_to(folder).as_posix(), file

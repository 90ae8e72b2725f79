"""Zip files with the same bytes from the same files, on any machine at any time."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable
from pathlib import Path

# The earliest time a zip can hold: a build's own time would change the sum.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_MODE = 0o100644 << 16


def write_zip(path: Path, files: Iterable[tuple[str, Path]]) -> str:
    """Write `path` from names and files, in the order of the names; returns its SHA-256. A file of
    the same bytes is left alone."""
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
        # A running interpreter keeps the file it opened: replaced, never written in place.
        beside.replace(path)
    return digest


def sha256(path: Path) -> str:
    """The sum of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_under(folder: Path) -> Iterable[tuple[str, Path]]:
    """Every file of a folder with its name inside it."""
    for file in folder.rglob("*"):
        if file.is_file():
            yield file.relative_to(folder).as_posix(), file

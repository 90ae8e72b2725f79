"""code.zip: contracts and jobs as pure source; the same bytes from the same files anywhere."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from local.errors import EnvironmentProblem

PACKAGES = ("contracts", "emr_jobs")
SUFFIXES = frozenset({".py", ".avsc", ".json", ".csv", ".toml", ".sql"})
# The earliest time a zip can hold: a build's own time would change the sum.
EPOCH = (1980, 1, 1, 0, 0, 0)
MODE = 0o100644 << 16


@dataclass(frozen=True)
class CodeZip:
    """A built code.zip and the sum of its bytes."""

    path: Path
    sha256: str


def source_root() -> Path:
    """The folder that holds the packages."""
    return Path(__file__).resolve().parent.parent


def build(folder: Path, root: Path | None = None) -> CodeZip:
    """Write `folder`/code.zip from the packages under `root`; an unchanged file is left alone."""
    root = root or source_root()
    beside = folder / ".code.zip.new"
    with zipfile.ZipFile(beside, "w") as archive:
        for name, file in _sources(root):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.external_attr = MODE
            entry.create_system = 3
            # Stored, not deflated: the bytes must not depend on the zlib of the machine.
            entry.compress_type = zipfile.ZIP_STORED
            archive.writestr(entry, file.read_bytes())
    digest = hashlib.sha256(beside.read_bytes()).hexdigest()
    path = folder / "code.zip"
    if path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == digest:
        beside.unlink()
    else:
        # A running interpreter keeps the file it opened: replaced, never written in place.
        beside.replace(path)
    return CodeZip(path, digest)


def _sources(root: Path) -> Iterator[tuple[str, Path]]:
    for package in PACKAGES:
        if not (root / package).is_dir():
            raise EnvironmentProblem(
                f"the package {package} is not in {root}",
                cause="the checkout is incomplete",
                command="git status",
            )
    files = (file for package in PACKAGES for file in (root / package).rglob("*"))
    named = ((file.relative_to(root).as_posix(), file) for file in files)
    for name, file in sorted(named):
        if file.is_file() and file.suffix in SUFFIXES and "__pycache__" not in file.parts:
            yield name, file

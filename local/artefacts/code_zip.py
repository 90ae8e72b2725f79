"""code.zip: the contracts and the jobs as source. The same files give the same bytes anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from contracts.errors import EnvironmentProblem
from local.artefacts.archive import write_zip

PACKAGES = ("contracts", "emr_jobs")
SUFFIXES = frozenset({".py", ".avsc", ".json", ".csv", ".toml", ".sql"})


@dataclass(frozen=True)
class CodeZip:
    """A code.zip and the SHA-256 of its bytes."""

    path: Path
    sha256: str


def source_root() -> Path:
    """The folder that holds the packages."""
    return Path(__file__).resolve().parent.parent.parent


def build(folder: Path, root: Path | None = None) -> CodeZip:
    """Write `folder`/code.zip from the packages under `root`; leave an unchanged file alone."""
    path = folder / "code.zip"
    return CodeZip(path, write_zip(path, sources(root or source_root(), PACKAGES)))


def sources(root: Path, packages: Sequence[str]) -> Iterator[tuple[str, Path]]:
    """The files of `packages` that are shipped, each with its name in the zip."""
    for package in packages:
        if not (root / package).is_dir():
            raise EnvironmentProblem(
                f"the package {package} is not in {root}",
                cause="the checkout is incomplete",
                command="git status",
            )
    files = (file for package in packages for file in (root / package).rglob("*"))
    named = ((file.relative_to(root).as_posix(), file) for file in files)
    for name, file in named:
        if file.is_file() and file.suffix in SUFFIXES and "__pycache__" not in file.parts:
            yield name, file

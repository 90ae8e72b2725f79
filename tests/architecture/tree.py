"""The repository's own files, as the tests of its shape read them."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    "contracts",
    "emr_jobs",
    "producer",
    "lambdas",
    "local",
    "readers",
    "proof",
    "ops",
    "bench",
    "cdk",
    "stacks",
)
_BUILT = {".git", "__pycache__", "build", "cdk.out", "cdk.out.new", "node_modules"}
_TEXTS = {".py", ".md", ".toml", ".txt", ".json", ".sql", ".avsc", ".csv", ".yml", ".yaml", ""}


def modules(*folders: str) -> list[Path]:
    """Python files below the folders, by path."""
    found = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return sorted(path for path in found if not _BUILT & set(path.parts))


def texts() -> list[Path]:
    """Every text file that is part of the product; hidden folders are the tools' own."""
    found = []
    for path in sorted(ROOT.iterdir()):
        if path.name in _BUILT or path.name.endswith(".egg-info"):
            continue
        if path.is_dir() and (not path.name.startswith(".") or path.name in {".ci", ".github"}):
            found += [one for one in path.rglob("*") if one.is_file()]
        elif path.is_file():
            found.append(path)
    return [path for path in found if path.suffix in _TEXTS and not _BUILT & set(path.parts)]


def name(path: Path) -> str:
    """A path as it stands in the repository."""
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    """The module's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=name(path))

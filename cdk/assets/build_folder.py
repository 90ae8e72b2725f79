"""The folder of `make assets`: everything that a deployment uploads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from contracts.aws.spark_submit import Processor

_PROCESSORS: tuple[Processor, ...] = ("arm64", "x86_64")


class MissingAssets(Exception):
    """A file has not been built. The message names it and says what to do."""


@dataclass(frozen=True)
class Assets:
    """Its files: `code` and its `entry`, `jars`, `dependencies` by processor, the functions'
    zip."""

    code: Path
    entry: Path
    jars: tuple[Path, ...]
    dependencies: Mapping[Processor, Path]
    functions: Path

    @classmethod
    def at(cls, folder: Path) -> Assets:
        """The assets in a folder; raises MissingAssets."""
        jars = tuple(sorted((folder / "jars").glob("*.jar")))
        if not jars:
            raise MissingAssets(_missing("jars", folder))
        return cls(
            code=_one(folder, "code.zip"),
            entry=_one(folder, "main.py"),
            jars=jars,
            dependencies={
                processor: _one(folder, f"dependencies-{processor}-*.zip")
                for processor in _PROCESSORS
            },
            functions=_one(folder, "functions.zip"),
        )


def _one(folder: Path, pattern: str) -> Path:
    found = list(folder.glob(pattern))
    if len(found) != 1:
        raise MissingAssets(_missing(pattern, folder))
    return found[0]


def _missing(what: str, folder: Path) -> str:
    return f"{what} is not in {folder}: run `make assets`"
